// The real Codex CLI on a provider that speaks Chat Completions, as Kimi does.
import { chat } from './chat_provider.mjs';
import { sessionsOn } from './codex_on_alias.mjs';

sessionsOn(chat);
