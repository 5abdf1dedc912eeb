-- What Ardour's window would give, for ardour7-lua or ardour8-lua, which has none: dialogs that are answered from a table.
local W = { messages = {}, cancel_after = nil, shown = {} }

LuaDialog = {
	MessageType = { Warning = 2 },
	ButtonType = { Close = 1 },
	Message = function (title, text, kind, button)
		assert (title == "Antiphon" and kind == 2 and button == 1)
		return { run = function () table.insert (W.messages, text) end }
	end,
	ProgressWindow = function (title, cancel)
		assert (cancel == true)
		return {
			progress = function (_, fraction, text)
				assert (fraction >= 0 and fraction <= 1 and type (text) == "string")
				table.insert (W.shown, fraction)
			end,
			canceled = function () return W.cancel_after ~= nil and #W.shown > W.cancel_after end,
			done = function () W.done = true end,
		}
	end,
	Dialog = function (_, rows)
		W.asked = {}
		for _, row in ipairs (rows) do W.asked[row.key] = row.default end
		return { run = function () return W.entered end }
	end,
}

return W
