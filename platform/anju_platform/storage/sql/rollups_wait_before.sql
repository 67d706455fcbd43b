SELECT EXISTS (SELECT FROM rollup_due WHERE hour < %(cutoff)s);
