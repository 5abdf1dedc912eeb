-- Stands in for TouchOSC: lua5.1 host.lua LAYOUT.lua BRIDGE_PORT RECEIVE_PORT STEPS
--
-- Runs the scripts of a layout as TouchOSC's manual says: Lua 5.1, each script in a context of its own with the
-- functions listed there and no others, a frame at a time. It listens on another port than it sends from.
--
-- A step a line: press NAME; set NAME X; until PATTERN, of the status; skip SECONDS, at once; text NAME.
-- Prints "text NAME TEXT", "midi MS STATUS PITCH VELOCITY", "error SENTENCE".
local socket = require("socket")
local layout, bridge, receive, steps = dofile(arg[1]), tonumber(arg[2]), tonumber(arg[3]), arg[4]
local FRAME_MS, PATIENCE_S = 1000 / 60, 30
local out, inbox = assert(socket.udp()), assert(socket.udp())
assert(out:setpeername("127.0.0.1", bridge))
assert(inbox:setsockname("127.0.0.1", receive))
inbox:settimeout(0)
io.stdout:setvbuf("line")

local began, skipped = socket.gettime(), 0
local function millis() return (socket.gettime() - began) * 1000 + skipped end

-- ---- OSC

local function word(n)
  n = n % 2 ^ 32
  return string.char(math.floor(n / 2 ^ 24), math.floor(n / 2 ^ 16) % 256, math.floor(n / 256) % 256, n % 256)
end

local function padded(text) return text .. string.rep("\0", 4 - #text % 4) end

local function float(x)
  if x == 0 then return word(0) end
  local m, e = math.frexp(math.abs(x))
  local mantissa = math.floor((m * 2 - 1) * 2 ^ 23 + 0.5)
  return word((x < 0 and 2 ^ 31 or 0) + (e + 126) * 2 ^ 23 + mantissa)
end

local function encode(address, arguments)
  local tags, data = ",", {}
  for i, a in ipairs(arguments) do
    tags = tags .. a.tag
    if a.tag == "s" then
      assert(type(a.value) == "string", address .. ": a text that is none")
      data[i] = padded(a.value)
    elseif a.tag == "i" then
      assert(a.value == math.floor(a.value), address .. ": a whole number that is none")
      data[i] = word(a.value)
    else
      assert(a.tag == "f" and type(a.value) == "number", address .. ": argument " .. i)
      data[i] = float(a.value)
    end
  end
  return padded(address) .. padded(tags) .. table.concat(data)
end

local function number(data, at)
  local a, b, c, d = data:byte(at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function decode(data)
  local at = 1
  local function text()
    local stop = data:find("\0", at, true)
    local found = data:sub(at, stop - 1)
    at = at + #padded(found)
    return found
  end
  local address, tags, arguments = text(), text(), {}
  for tag in tags:sub(2):gmatch(".") do
    local value
    if tag == "s" then
      value = text()
    else
      value, at = number(data, at), at + 4
      if tag == "i" and value >= 2 ^ 31 then value = value - 2 ^ 32 end
      if tag == "f" then
        local sign, e, m = value >= 2 ^ 31 and -1 or 1, math.floor(value / 2 ^ 23) % 256, value % 2 ^ 23
        value = value % 2 ^ 31 == 0 and 0 or sign * math.ldexp(1 + m / 2 ^ 23, e - 127)
      end
    end
    arguments[#arguments + 1] = { tag = tag, value = value }
  end
  return { address, arguments }
end

-- ---- what scripts have

local root

local function copied(library, more)
  local copy = {}
  for name, f in pairs(library) do copy[name] = f end
  for name, f in pairs(more) do copy[name] = f end
  return copy
end

local function context(control)
  local allowed = {
    error = error, ipairs = ipairs, next = next, pairs = pairs, print = print, select = select, tonumber = tonumber,
    tostring = tostring, unpack = unpack, type = type, string = copied(string, {}),
    table = copied(table, { pack = function(...) return { ... } end, unpack = unpack }), math = copied(math, {}),
    self = control.face, root = root.face, getMillis = millis,
    getTime = function()
      local t = os.date("*t")
      return { t.hour, t.min, t.sec, math.floor(socket.gettime() * 1000) % 1000 }
    end,
    sendOSC = function(message, connections)
      assert(type(message) == "table" and connections == nil, "sendOSC takes {path, arguments} here")
      out:send(encode(message[1], message[2]))
    end,
    sendMIDI = function(bytes)
      for i = 1, 3 do assert(bytes[i] == math.floor(bytes[i]) and bytes[i] >= 0 and bytes[i] < 256, "no MIDI byte") end
      print(string.format("midi %.3f %d %d %d", millis(), bytes[1], bytes[2], bytes[3]))
    end,
  }
  return setmetatable(allowed, { __index = function(_, name)
    if not name:find("^on%u") and name ~= "init" and name ~= "update" then error("TouchOSC has no " .. name, 2) end
  end })
end

local function call(control, name, ...)
  local f = control.env and control.env[name]
  if f then return f(...) end
end

local function made(from, parent)
  local control = { name = from.name, held = {} }
  for key, value in pairs(from.values) do control.held[key] = value end
  local values = setmetatable({}, {
    __index = function(_, key)
      assert(control.held[key] ~= nil, from.name .. " has no value " .. key)
      return control.held[key]
    end,
    __newindex = function(_, key, value)
      assert(type(control.held[key]) == type(value), from.name .. "." .. key .. " is of another type")
      if key == "x" then value = math.max(0, math.min(1, value)) end
      if control.held[key] == value then return end
      control.held[key] = value
      if key == "text" then print("text " .. from.name .. " " .. value) end
      call(control, "onValueChanged", key)
    end,
  })
  control.face = { name = from.name, values = values, parent = parent and parent.face, children = {} }
  function control.face.notify(face, key, value)
    assert(face == control.face, "notify is called with a colon")
    call(control, "onReceiveNotify", key, value)
  end
  return control
end

root = made(layout, nil)
local controls = { root }
for i, from in ipairs(layout.children) do
  controls[i + 1] = made(from, root)
  root.face.children[from.name] = controls[i + 1].face
  controls[i + 1].script = from.script
end
root.script = layout.script
for _, control in ipairs(controls) do
  if control.script then
    control.env = context(control)
    setfenv(assert(loadstring(control.script, "=" .. control.name)), control.env)()
  end
end

-- ---- frames and steps

local function frame()
  repeat
    local data = inbox:receive(65507)
    if data then call(root, "onReceiveOSC", decode(data), { true }) end
  until not data
  for _, control in ipairs(controls) do call(control, "update") end
end

local function wait_until(pattern)
  local late = socket.gettime() + PATIENCE_S
  while not root.face.children.status.values.text:find(pattern) do
    if socket.gettime() > late then
      error("the status is " .. root.face.children.status.values.text .. ", not " .. pattern)
    end
    socket.select({ inbox }, nil, FRAME_MS / 1000)
    frame()
  end
end

local function main()
  for _, control in ipairs(controls) do call(control, "init") end
  for line in io.lines(steps) do
    local what, rest = line:match("^(%S+) (.*)$")
    if what == "press" then
      local values = root.face.children[rest].values
      values.x = 1
      values.x = 0
    elseif what == "set" then
      local name, x = rest:match("^(%S+) (%S+)$")
      root.face.children[name].values.x = tonumber(x)
    elseif what == "until" then
      wait_until(rest)
    elseif what == "skip" then
      local stop = millis() + rest * 1000
      while millis() < stop do
        skipped = skipped + 1
        call(root, "update")
      end
    end
  end
end

local well, problem = xpcall(main, debug.traceback)
if not well then
  print("error " .. problem)
  os.exit(1)
end
