UPDATE model SET role = 'retired' WHERE role = 'champion' AND as_of < %(trained_before)s
