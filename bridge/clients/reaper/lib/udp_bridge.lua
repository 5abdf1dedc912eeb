-- A request to the bridge over UDP, for those who have LuaSocket (mavriq-lua-sockets in ReaPack).
-- Nothing here waits: poll() is called again and again by reaper.defer.
local osc = require("osc")
local M = {}
M.__index = M

local AGAIN, SILENCE = 0.25, 5.0 -- seconds
local NOTES_A_MESSAGE, MESSAGES_AT_ONCE, PAUSE = 48, 32, 0.005

-- Returns the request, or nil where there are no sockets. `now` tells seconds.
-- listener: progress(fraction), done(takes), failed(code, sentence)
function M.ask(socket, now, port, verb, notes, options, listener)
    local udp = socket.udp()
    udp:settimeout(0)
    udp:setpeername("127.0.0.1", port)
    local self = setmetatable({udp = udp, now = now, listener = listener, out = {}, sent_at = {}, takes = {},
        count = 1, acked = false, resent = false, over = false, hello = true}, M)
    -- Sent twice because an ack got lost, a request must mean the same notes twice: it needs a seed of its own.
    self.id = ("reaper-%x-%x"):format(math.random(0, 0xffffff), math.floor(now() * 1000) % 0x1000000)
    local args = {self.id}
    for _, pair in ipairs(options) do
        if pair[1] == "takes" then self.count = math.floor(tonumber(pair[2]) or 1) end
        args[#args + 1], args[#args + 2] = pair[1], tostring(pair[2])
    end
    self.request = {"/antiphon/" .. verb, args}
    self.context, self.whole = {}, {} -- messages by seq, the first until they are acknowledged
    local of = notes and math.max(1, math.ceil(#notes / NOTES_A_MESSAGE)) or 0
    self.context_of = of
    for seq = 0, of - 1 do
        local first, last = seq * NOTES_A_MESSAGE + 1, math.min((seq + 1) * NOTES_A_MESSAGE, #notes)
        local part = {self.id, seq, of, last - first + 1}
        for at = first, last do
            local n = notes[at]
            for _, value in ipairs({n.pitch, n.start + 0.0, n.duration + 0.0, n.velocity, n.part}) do
                part[#part + 1] = value
            end
        end
        self.context[seq] = {"/antiphon/context", part}
        self.whole[seq] = self.context[seq]
    end
    self.heard = now()
    self:say()
    return self
end

function M:say()
    self.said = self.now()
    if self.hello then
        self:post("/antiphon/hello", {0, "reaper", 1})
    elseif self.cancelled then
        self:post("/antiphon/cancel", {self.id})
    elseif next(self.context) then
        for seq = 0, self.context_of - 1 do
            if self.context[seq] then self:post(table.unpack(self.context[seq])) end
        end
    elseif not self.acked then
        self.resent = false
        self:post(table.unpack(self.request))
    else
        self.resent = true
        for index = 0, self.count - 1 do
            local take = self.takes[index]
            if not (take and self:complete(take)) then
                local args = {self.id, index}
                if take and take.done and take.of then
                    for seq = 0, take.of - 1 do
                        if not take[seq] then args[#args + 1] = seq end
                    end
                end
                self:post("/antiphon/resend", args)
                if not (take and take.done) then break end
            end
        end
    end
end

-- Queue a message; it goes when the pace allows.
function M:post(address, args)
    self.out[#self.out + 1] = osc.encode(address, args)
    self:flush()
end

function M:flush()
    local now = self.now()
    while self.out[1] do
        if #self.sent_at >= MESSAGES_AT_ONCE then
            if now - self.sent_at[1] < PAUSE then return end
            table.remove(self.sent_at, 1)
        end
        self.sent_at[#self.sent_at + 1] = now
        self.udp:send(table.remove(self.out, 1))
    end
end

-- Hear and say what there is; returns false once the request is over.
function M:poll()
    while not self.over do
        local data = self.udp:receive(65507)
        if not data then break end
        local address, args = osc.decode(data)
        if address then self:hear(address, args) end
    end
    local now = self.now()
    if not self.over and now - self.heard > SILENCE then
        self:finish("failed", "timeout", "no bridge answers: start it with `antiphon serve`")
    elseif not self.over then
        if now - math.max(self.heard, self.said) > AGAIN then self:say() end
        self:flush()
    end
    return not self.over
end

function M:hear(address, args)
    if address == "/antiphon/hello/reply" and self.hello then
        self.heard, self.hello = self.now(), false
        if args[3] ~= 1 then
            return self:finish("failed", "protocol", "the bridge speaks protocol " .. tostring(args[3]) ..
                ", these scripts 1; bring both to one version")
        end
        return self:say()
    end
    local mine = args[1] == self.id or (address == "/antiphon/fail" and args[1] == self.request[1])
    if not mine then return end
    self.heard = self.now()
    if address == "/antiphon/fail" then
        if args[2] == "bad_args" and self.resent and not self.cancelled then
            -- What looked like the request's ack was a late one of its context, and the request got lost; or the
            -- bridge keeps its answer no more. It is asked for in a while: this may come twice.
            self.acked = false
            return
        end
        if args[2] == "no_context" and (self.whole or next(self.context)) and not self.cancelled then
            -- The bridge was started anew in between, or had no room for this context among others. Said twice,
            -- it is heard once.
            if next(self.context) then return end
            self.context, self.whole, self.acked = self.whole, nil, false
            return self:say()
        end
        return self:finish("failed", self.cancelled and "cancelled" or args[2], args[3])
    elseif address == "/antiphon/ack" then
        if next(self.context) then
            self.context[args[2]] = nil
            if not next(self.context) then self:say() end
        else
            self.acked = true
        end
        return
    end
    self.acked = true
    if address == "/antiphon/progress" then
        self.listener.progress(args[2])
    elseif address == "/antiphon/notes" then
        local take = self:take(args[2])
        take.of, take[args[3]] = args[4], args
    elseif address == "/antiphon/done" then
        self:take(args[2]).done = args
    end
    if self.cancelled then return end -- what was on its way is not wanted any more
    for index = 0, self.count - 1 do
        if not (self.takes[index] and self:complete(self.takes[index])) then return end
    end
    self:finish("done", self:results())
end

function M:take(index)
    self.takes[index] = self.takes[index] or {}
    return self.takes[index]
end

function M:complete(take)
    if not (take.done and take.of) then return false end
    for seq = 0, take.of - 1 do
        if not take[seq] then return false end
    end
    return true
end

function M:results()
    local takes = {}
    for index = 0, self.count - 1 do
        local from, notes = self.takes[index], {}
        for seq = 0, from.of - 1 do
            local args = from[seq]
            for at = 6, #args - 4, 5 do
                notes[#notes + 1] = {pitch = args[at], start = args[at + 1], duration = args[at + 2],
                    velocity = args[at + 3], part = args[at + 4]}
            end
        end
        takes[#takes + 1] = {notes = notes, end_beats = from.done[4], seed = from.done[5]}
    end
    return takes
end

function M:cancel()
    self.cancelled = true
    self:say()
end

function M:finish(what, ...)
    self.over = true
    self.udp:close()
    self.listener[what](...)
end

return M
