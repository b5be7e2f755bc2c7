-- Sends one kind of request with wrk. Arguments: method, path, users, run, file of ids, body, headers (name, value) …
-- In path and body, {user} becomes any user, {recent} one of the first thousand, {new} a user of its own, {id} any id,
-- {twenty} the beginning of the e-mail addresses of twenty users, {letter} a letter, {letters} two of a name or address.

local threads = 0

local letters = { "ad", "ch", "sm", "le", "ma", "an", "pe", "us", "tr", "ex" }

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

function init(arguments)
  method, path, users, run = arguments[1], arguments[2], tonumber(arguments[3]), tonumber(arguments[4])
  ids = {}
  if arguments[5] ~= "" then
    for line in io.lines(arguments[5]) do ids[#ids + 1] = line end
  end
  body = arguments[6]
  for index = 7, #arguments, 2 do wrk.headers[arguments[index]] = arguments[index + 1] end
  if body ~= "" then wrk.headers["content-type"] = "application/json" end
  math.randomseed(run * 64 + thread_number)
  sent = 0
end

local function replaced(text)
  return (text:gsub("{(%a+)}", function(name)
    if name == "user" then return string.format("user_%08d", math.random(0, users - 1)) end
    if name == "recent" then return string.format("user_%08d", math.random(0, math.min(users, 1000) - 1)) end
    if name == "twenty" then return string.format("person%07d", math.random(0, math.ceil(users / 20) - 1)) end
    if name == "letter" then return string.char(math.random(97, 122)) end
    if name == "letters" then return letters[math.random(#letters)] end
    if name == "id" then return ids[math.random(#ids)] end
    sent = sent + 1
    return string.format("new_%d_%d_%d", run, thread_number, sent)
  end))
end

function request()
  if body == "" then return wrk.format(method, replaced(path)) end
  return wrk.format(method, replaced(path), nil, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"bytes":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.bytes,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
