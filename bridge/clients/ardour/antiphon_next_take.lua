ardour {
	["type"]    = "EditorAction",
	name        = "Antiphon: next take",
	license     = "Apache-2.0",
	author      = "Antiphon",
	description = [[Shows the next take of the last answer.]]
}

function factory () return function ()
	assert (loadfile (ARDOUR.user_config_directory (-1) .. "/scripts/antiphon.inc")) ().next_take ()
end end
