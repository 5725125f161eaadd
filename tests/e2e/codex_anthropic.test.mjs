// The real Codex CLI on a provider that speaks Anthropic's Messages API.
import { anthropic } from './anthropic_provider.mjs';
import { sessionsOn } from './codex_on_alias.mjs';

sessionsOn(anthropic);
