#include "registry/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/file_stamp.h"
#include "registry/registry_file.h"
#include "registry/registry_rows.h"

namespace responses_proxy {

namespace {

constexpr int kTries = 16;  // of a change, while other replicas make theirs

RoutingRules rules_of(const RegistryOptions& options, const SecretBox& box) {
  return {.box = box,
          .variable = options.variable,
          .wire_apis = options.wire_apis,
          .allow_private_upstreams = options.allow_private_upstreams,
          .websocket = options.websocket};
}

bool is_switched_off(const RegistryContents& contents, const std::string& provider_id) {
  const auto provider = contents.providers.find(provider_id);
  return provider != contents.providers.end() && !provider->second.value.enabled;
}

Refusal too_busy() {
  Error error = Error::unavailable(
      503, "registry_busy", "Other replicas change the registry at the same time; try again.");
  error.retry_after = Millis(1'000);
  return {std::move(error)};
}

}  // namespace

std::size_t RegistryView::unavailable() const {
  const auto& problems = routing.problems;
  return static_cast<std::size_t>(std::count_if(
      problems.begin(), problems.end(),
      [this](const auto& problem) { return !is_switched_off(contents, problem.first); }));
}

Registry::Registry(RegistryStore& store, const Clock& clock, RegistryOptions options,
                   Publish publish)
    : store_(store),
      clock_(clock),
      options_(std::move(options)),
      box_(options_.keys),
      rules_(rules_of(options_, box_)),
      publish_(std::move(publish)),
      view_(std::make_shared<const RegistryView>()) {}

void Registry::load() {
  const std::scoped_lock lock(change_mutex_);
  const std::string file_problem = read_file_if_changed(true);
  read_rows(true);
  if (!has_rows_ && read_kept_rows()) {
    options_.log({LogLevel::warning, "registry_kept",
                  fmt::format("registry: the database does not answer; providers and aliases are "
                              "those of {} (version {})",
                              options_.cache_path, sources_.rows.version)});
  }
  publish();
  if (!file_problem.empty()) throw StorageError(file_problem);
}

void Registry::refresh() {
  const std::scoped_lock lock(change_mutex_);
  const std::int64_t version = sources_.rows.version;
  const bool had_rows = has_rows_;
  const std::string stamp = sources_.file_stamp;
  read_rows(false);
  read_file_if_changed(false);
  const bool rows_changed = sources_.rows.version != version || has_rows_ != had_rows;
  if (rows_changed || sources_.file_stamp != stamp || files_changed()) publish();
}

std::string Registry::reload() {
  const std::scoped_lock lock(change_mutex_);
  std::string problem = read_rows(true);
  const std::string file_problem = read_file_if_changed(true);
  publish();
  if (!problem.empty() && !file_problem.empty()) problem += "; ";
  return problem + file_problem;
}

std::shared_ptr<const RegistryView> Registry::view() const {
  const std::scoped_lock lock(mutex_);
  return view_;
}

std::optional<Refusal> Registry::change(const Plan& plan, const std::string& actor) {
  const std::scoped_lock lock(change_mutex_);
  for (int left = kTries; left > 0; --left) {
    std::vector<std::string> unreadable;
    const RegistryRows rows = store_.load();
    auto planned = plan(merged(sources_.file, contents_of(rows, unreadable)));
    if (auto* refusal = std::get_if<Refusal>(&planned)) return std::move(*refusal);
    const auto& edits = std::get<0>(planned);
    if (!edits.empty() && !store_.apply(rows.version, edits, actor, clock_.wall())) continue;
    const std::string problem = read_rows(true);
    publish();
    if (tell_ && !edits.empty()) tell_(rows.version + 1);
    // Whoever is told that it is done may count on being served.
    if (!problem.empty()) throw StorageError("The change is saved, and not served yet: " + problem);
    return std::nullopt;
  }
  return too_busy();
}

// ---- parts ----

std::string Registry::read_rows(bool always) {
  try {
    if (!always && has_rows_ && store_.version() == sources_.rows.version) {
      note_database({});
      return {};
    }
    RegistryRows rows = store_.load();
    const bool changed = !has_rows_ || rows.version != sources_.rows.version;
    if (has_rows_ && rows.version < sources_.rows.version) log_step_back(rows);
    sources_.rows = std::move(rows);
    has_rows_ = true;
    if (changed) keep_rows();
    note_database({});
    return {};
  } catch (const StorageError& error) {
    note_database(error.what());
    return error.what();
  }
}

// A file that is not good any more changes nothing: what it said before goes on.
std::string Registry::read_file_if_changed(bool always) {
  if (options_.file.empty()) return {};
  const std::string stamp = file_stamp(options_.file);
  if (!always && stamp == sources_.file_stamp) return {};
  RegistryFile file = read_registry_file(options_.file, provider_rules(nullptr));
  sources_.file_stamp = stamp;
  std::string problem;
  if (file.problems.empty()) {
    sources_.file = std::move(file.contents);
  } else {
    problem =
        fmt::format("PROXY_REGISTRY_FILE {}: {}", options_.file, fmt::join(file.problems, "; "));
  }
  note_file(problem);
  return problem;
}

bool Registry::files_changed() const {
  const auto current = view();
  const auto& files = current->routing.files;
  return std::any_of(files.begin(), files.end(),
                     [](const auto& file) { return file_stamp(file.first) != file.second; });
}

void Registry::publish() {
  auto fresh = std::make_shared<RegistryView>();
  std::vector<std::string> unreadable;
  fresh->contents = merged(sources_.file, contents_of(sources_.rows, unreadable));
  fresh->routing = build_routing(fresh->contents, rules_);
  for (const std::string& id : unreadable) {
    fresh->routing.problems.emplace(id, "its row cannot be read");
  }
  std::vector<Resource> resources = options_.resources;
  std::vector<ModelAlias> aliases = options_.aliases;
  resources.insert(resources.end(), fresh->routing.resources.begin(),
                   fresh->routing.resources.end());
  aliases.insert(aliases.end(), fresh->routing.aliases.begin(), fresh->routing.aliases.end());
  publish_(std::move(resources), std::move(aliases));
  const auto before = view();
  log_problems(*fresh, before.get());
  const std::scoped_lock lock(mutex_);
  view_ = std::move(fresh);
}

void Registry::keep_rows() const {
  const bool nothing = sources_.rows.version == 0;  // so the file is made by whoever needs it
  if (options_.cache_path.empty() || nothing) return;
  const std::string problem = replace_private_file(options_.cache_path, kept_text(sources_.rows));
  if (problem.empty()) return;
  options_.log({LogLevel::warning, "registry_not_kept",
                fmt::format("registry: {} cannot be written: {}. A start without the database "
                            "would serve no registered provider.",
                            options_.cache_path, problem)});
}

bool Registry::read_kept_rows() {
  if (options_.cache_path.empty()) return false;
  std::string problem;
  constexpr std::size_t kMost = 256 * 1024 * 1024;
  const auto text = read_file(options_.cache_path, kMost, problem);
  auto rows = text ? kept_rows(*text) : std::nullopt;
  if (!rows) return false;
  sources_.rows = std::move(*rows);
  return true;
}

RegistryProblems Registry::problems() const {
  const std::scoped_lock lock(mutex_);
  return problems_;
}

// One line when it begins and one when it ends.
void Registry::note_database(const std::string& problem) {
  std::string before;
  {
    const std::scoped_lock lock(mutex_);
    before = std::exchange(problems_.database, problem);
  }
  if (problem.empty() == before.empty()) return;
  if (problem.empty()) {
    options_.log({LogLevel::info, "registry_database", "registry: the database answers again"});
  } else {
    options_.log({LogLevel::warning, "registry_database",
                  fmt::format("registry: changes are not seen at the moment: {}", problem)});
  }
}

// A line for each new problem, and one when it is mended.
void Registry::note_file(const std::string& problem) {
  std::string before;
  {
    const std::scoped_lock lock(mutex_);
    before = std::exchange(problems_.file, problem);
  }
  if (problem == before) return;
  if (problem.empty()) {
    options_.log({LogLevel::info, "registry_file",
                  fmt::format("registry: {} is read again", options_.file)});
  } else {
    options_.log({LogLevel::error, "registry_file",
                  fmt::format("{}; what it said before goes on", problem)});
  }
}

// What is there is served all the same: changes are made to it, and a backup that was put back is
// meant. The rows that are kept on disk stay while there are none.
void Registry::log_step_back(const RegistryRows& rows) const {
  options_.log({LogLevel::warning, "registry_step_back",
                fmt::format("registry: the database has gone back from version {} to {}, from {} "
                            "records to {}: is it another one, or a backup? What it has is served.",
                            sources_.rows.version, rows.version, sources_.rows.rows.size(),
                            rows.rows.size())});
}

void Registry::log_problems(const RegistryView& fresh, const RegistryView* before) const {
  for (const auto& [id, problem] : fresh.routing.problems) {
    if (is_switched_off(fresh.contents, id)) continue;
    const auto known = before->routing.problems.find(id);
    if (known != before->routing.problems.end() && known->second == problem) continue;
    options_.log({LogLevel::warning,
                  "provider_unavailable",
                  fmt::format("provider {} gets no requests: {}", id, problem),
                  {{"provider_id", id}}});
  }
  if (fresh.contents.version == before->contents.version) return;
  options_.log(
      {LogLevel::info,
       "registry",
       fmt::format("registry: version {}, {} providers, {} aliases", fresh.contents.version,
                   fresh.contents.providers.size(), fresh.contents.aliases.size()),
       {{"version", fresh.contents.version}}});
}

}  // namespace responses_proxy
