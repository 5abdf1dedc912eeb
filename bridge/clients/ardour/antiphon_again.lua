ardour {
	["type"]    = "EditorAction",
	name        = "Antiphon: again",
	license     = "Apache-2.0",
	author      = "Antiphon",
	description = [[Asks for the last answer once more, with a new seed unless the seed is locked; it takes the place of the last one.]]
}

function factory () return function ()
	assert (loadfile (ARDOUR.user_config_directory (-1) .. "/scripts/antiphon.inc")) ().again ()
end end
