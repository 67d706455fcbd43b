SELECT asset, code FROM alarm
