-- Antiphon on a tablet: asks the bridge for notes, and plays them to MIDI connections.
-- This is the script of the layout's root; touchosc_layout.py puts it there.

local REPLY_PORT = 9120          -- the "Receive Port" of OSC connection 1
local MORE = { "metre", "4/4" }  -- further options of every request: key, value, key, value

local PROTOCOL, NOTES_A_MESSAGE, CONTEXT_NOTES = 1, 48, 512
local AGAIN_MS, HELLO_MS, SILENCE_MS = 250, 2000, 5000
local SEEDS = 999
local ENDINGS = { "ending auto", "ending open", "ending closed" }

local me        -- what the ids of this session begin with
local count = 0
local greeting  -- while nobody has answered: when it began, when hello was sent last
local listing   -- while models are being listed
local models = { "auto" }
local job       -- the request under way
local last      -- the last one, for "again"
local tune = {} -- everything so far: {pitch, start, duration, velocity, part}
local answer = {} -- its notes; drums: whether they are a drum kit's
local player    -- MIDI to be sent, while playing

local function show(name, text)
  self.children[name].values.text = text
end

local function send(address, values)
  local arguments = {}
  for i, value in ipairs(values) do
    local tag = type(value) == "string" and "s" or value == math.floor(value) and "i" or "f"
    arguments[i] = { tag = tag, value = value }
  end
  sendOSC({ address, arguments })
end

-- ---- what the faders mean

local function fader(name)
  return self.children[name].values.x
end

local settings = {
  temperature = function(x)
    if x < 0.02 then return "auto" end
    return string.format("%.2f", 0.1 + math.floor(x * 38 + 0.5) * 0.05)
  end,
  bars = function(x) return 1 + math.floor(x * 31 + 0.5) end,
  seed = function(x) return math.floor(x * SEEDS + 0.5) end,
  tempo = function(x) return 40 + math.floor(x * 200 + 0.5) end,
}

local function setting(name)
  return settings[name](fader(name))
end

local function label(name)
  show(name .. "_caption", name .. "  " .. tostring(setting(name)))
end

-- ---- finding the bridge

local function hello()
  greeting = greeting or { began = getMillis() }
  greeting.sent = getMillis()
  send("/antiphon/hello", { REPLY_PORT, "touchosc", PROTOCOL })
end

local function list()
  listing = listing or { began = getMillis(), names = {}, found = 0 }
  listing.sent = getMillis()
  send("/antiphon/models", {})
end

local function greeted(version, protocol)
  greeting = nil
  if protocol ~= PROTOCOL then
    show("status", "The bridge speaks protocol " .. protocol .. ", this layout " .. PROTOCOL)
    return
  end
  show("status", "Antiphon " .. version .. " is there; asking for its models")
  list()
end

local function listed(name)
  if not listing.names[name] then
    listing.names[name] = true
    listing.found = listing.found + 1
    listing[listing.found] = name
  end
end

-- Have a caption show the next of its texts.
local function turn(name, texts)
  local now = 1
  for i, text in ipairs(texts) do
    if text == self.children[name].values.text then now = i end
  end
  show(name, texts[now % #texts + 1])
end

-- ---- playing: MIDI at its time, a frame late at most

local function silence(key)
  sendMIDI({ 128 + key % 16, math.floor(key / 16), 0 })
  player.sounding[key] = nil
end

local function stop()
  for key in pairs(player and player.sounding or {}) do silence(key) end
  player = nil
end

local function play()
  stop()
  if not answer[1] then return end
  local beat, first, events = 60000 / setting("tempo"), math.huge, {}
  for _, note in ipairs(answer) do first = math.min(first, note[2]) end  -- it need not come first
  for i, note in ipairs(answer) do
    local key = note[1] * 16 + (answer.drums and 9 or note[5] % 16)  -- pitch and channel
    events[2 * i - 1] = { at = (note[2] - first) * beat, key = key, note = i, velocity = note[4] }
    events[2 * i] = { at = (note[2] + note[3] - first) * beat, key = key, note = i }
  end
  table.sort(events, function(a, b)
    if a.at ~= b.at then return a.at < b.at end
    if not a.velocity ~= not b.velocity then return not a.velocity end  -- ends before beginnings
    return a.note < b.note
  end)
  player = { events = events, at = 1, began = getMillis(), sounding = {} }
end

local function go_on_playing(now)
  local event, sounding = player.events[player.at], player.sounding
  while event and event.at <= now - player.began do
    if event.velocity then
      if sounding[event.key] then silence(event.key) end
      sendMIDI({ 144 + event.key % 16, math.floor(event.key / 16), event.velocity })
      sounding[event.key] = event.note
    elseif sounding[event.key] == event.note then
      silence(event.key)
    end
    player.at = player.at + 1
    event = player.events[player.at]
  end
  if not event then player = nil end
end

-- ---- asking

local function context_messages(id, notes)
  local first = math.max(1, #notes - CONTEXT_NOTES + 1)
  local of = math.max(1, math.ceil((#notes - first + 1) / NOTES_A_MESSAGE))
  local messages = {}
  for seq = 0, of - 1 do
    local from = first + seq * NOTES_A_MESSAGE
    local to = math.min(from + NOTES_A_MESSAGE - 1, #notes)
    local values = { id, seq, of, to - from + 1 }
    for i = from, to do
      for _, value in ipairs(notes[i]) do values[#values + 1] = value end
    end
    messages[seq] = values
  end
  return messages
end

-- Say what the bridge has not answered yet.
local function say()
  job.sent = getMillis()
  if job.cancelled then
    send("/antiphon/cancel", { job.id })
  elseif next(job.context) ~= nil then
    send("/antiphon/hello", { REPLY_PORT, "touchosc", PROTOCOL })  -- a bridge that was restarted must know the port
    for _, values in pairs(job.context) do send("/antiphon/context", values) end
  elseif not job.of and not job.done then
    -- The very same: while it is under way it is only acknowledged, and its seed gives the same notes.
    send("/antiphon/" .. job.verb, job.request)
  else
    local values = { job.id, 0 }
    for seq = 0, (job.done and job.of or 0) - 1 do
      if not job.chunks[seq] then values[#values + 1] = seq end
    end
    send("/antiphon/resend", values)
  end
end

local function start(verb, context)
  if job then send("/antiphon/cancel", { job.id }) end
  if self.children.lock.values.x < 0.5 then self.children.seed.values.x = math.random(0, SEEDS) / SEEDS end
  label("seed")
  count = count + 1
  local id = me .. count
  local request = { id, "bars", setting("bars"), "seed", setting("seed"), "reply_port", REPLY_PORT }
  for _, value in ipairs(MORE) do request[#request + 1] = value end
  local chosen = {
    temperature = setting("temperature"),
    model = self.children.model_caption.values.text,
    ending = self.children.ending_caption.values.text:match("%a+$"),
  }
  for name, value in pairs(chosen) do
    if value ~= "auto" then
      request[#request + 1] = name
      request[#request + 1] = value
    end
  end
  last = { verb = verb, context = context }
  job = { id = id, verb = verb, before = context or {}, request = request, chunks = {}, heard = getMillis(),
    drums = self.children.model_caption.values.text == "drums",
    context = context and context_messages(id, context) or {} }
  show("status", verb .. " …")
  say()
end

local function ask(verb)
  if verb == "generate" then
    start(verb)
  elseif not tune[1] then
    show("status", "Generate something first; " .. verb .. " takes it from there")
  else
    start(verb, tune)
  end
end

local function finish()
  local before = job.before
  answer, tune = { drums = job.drums }, {}
  for _, note in ipairs(before) do tune[#tune + 1] = note end
  for seq = 0, job.of - 1 do
    for _, note in ipairs(job.chunks[seq]) do
      answer[#answer + 1] = note
      tune[#tune + 1] = note
    end
  end
  show("status", string.format("%d notes, seed %d, to beat %g", #answer, job.done[5], job.done[4]))
  job = nil
  play()
end

local function take(address, values)
  job.heard = getMillis()
  if address == "/antiphon/fail" then
    show("status", job.cancelled and "cancelled" or values[3])
    job = nil
  elseif job.cancelled then
    return
  elseif address == "/antiphon/ack" then
    if next(job.context) ~= nil then
      job.context[values[2]] = nil
      if next(job.context) == nil then say() end
    end
  elseif address == "/antiphon/progress" then
    show("status", string.format("%s … %d %%", job.verb, math.floor(values[2] * 100)))
  elseif address == "/antiphon/notes" then
    local notes = {}
    for at = 6, #values, 5 do notes[#notes + 1] = { unpack(values, at, at + 4) } end
    job.chunks[values[3]], job.of = notes, values[4]
  elseif address == "/antiphon/done" then
    job.done = values
  end
  if job and job.done and job.of then
    for seq = 0, job.of - 1 do
      if not job.chunks[seq] then return end
    end
    finish()
  end
end

-- ---- what TouchOSC calls

local actions = {
  hello = hello,
  model = function() turn("model_caption", models) end,
  ending = function() turn("ending_caption", ENDINGS) end,
  play = play,
  stop = stop,
  again = function() if last then start(last.verb, last.context) end end,
  cancel = function()
    if job then
      job.cancelled = true
      say()
    end
  end,
}

function init()
  local time = getTime()
  math.randomseed(((time[1] * 60 + time[2]) * 60 + time[3]) * 1000 + time[4])
  me = string.format("touchosc-%d-", math.random(0, 16777215))
  for name in pairs(settings) do label(name) end
  hello()
end

-- From the scripts of the buttons and faders. A button that is no action is a verb of the bridge.
function onReceiveNotify(key, value)
  if key == "moved" then
    label(value)
  elseif actions[value] then
    actions[value]()
  else
    ask(value)
  end
end

function onReceiveOSC(message, connections)
  local address, values = message[1], {}
  for i, argument in ipairs(message[2]) do values[i] = argument.value end
  if address == "/antiphon/hello/reply" then
    if greeting then greeted(values[2], values[3]) end
  elseif address == "/antiphon/model" then
    if listing then listed(values[1]) end
  elseif address == "/antiphon/models/done" then
    if listing and listing.found >= values[1] then
      show("status", "The bridge is there, with " .. listing.found .. " models")
      table.sort(listing)  -- they may have overtaken one another
      models = { "auto", unpack(listing) }
      listing = nil
    end
  elseif job and values[1] == job.id then
    take(address, values)
  elseif job and address == "/antiphon/fail" and values[1] == "/antiphon/" .. job.verb then
    take(address, values)  -- a verb that this bridge does not know
  end
end

function update()
  local now = getMillis()
  if player then go_on_playing(now) end
  if greeting and now - greeting.began >= HELLO_MS then
    greeting = nil
    show("status", "No bridge answers. On its computer: antiphon serve --host 0.0.0.0")
  elseif greeting and now - greeting.sent >= AGAIN_MS then
    hello()
  end
  if listing and now - listing.began >= HELLO_MS then
    listing = nil
  elseif listing and now - listing.sent >= AGAIN_MS then
    list()
  end
  if job and now - job.heard >= SILENCE_MS then
    show("status", "The bridge has fallen silent. On its computer: antiphon serve --host 0.0.0.0")
    job = nil
  elseif job and now - math.max(job.heard, job.sent) >= AGAIN_MS then
    say()
  end
end
