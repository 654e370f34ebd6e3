#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# DBD::Pg: prepared statements on the server, placeholders, COPY, large objects, asynchronous queries and
# their cancellation, savepoints, notifications.
use strict;
use warnings;
use utf8;
use DBI;
use DBD::Pg qw(:pg_types :async);
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);

binmode STDOUT, ':utf8';
my @fields = qw(severity state message_primary message_detail message_hint statement_position context
	schema_name table_name column_name datatype_name constraint_name source_file source_line
	source_function);

sub say_case {
	my ($name, @parts) = @_;
	my $text = join "\n", map { defined $_ ? $_ : '(none)' } @parts;
	my $bytes = utf8::is_utf8($text) ? encode_utf8($text) : $text;
	if (my $folder = $ENV{PG_DETAIL}) {
		open my $file, '>:raw', "$folder/$name" or die "$folder/$name: $!";
		print $file $bytes;
		close $file or die "$folder/$name: $!";
	}
	my $short = length $bytes <= 120 && $text =~ /^[\x20-\x7e]*$/;
	print "case $name: ", $short ? $text : sha256_hex($bytes) . ' ' . length($bytes) . " bytes", "\n";
}

sub connect_now {
	my $dbh = DBI->connect('dbi:Pg:', undef, $ENV{PGPASSWORD},
		{ RaiseError => 1, PrintError => 0, PrintWarn => 0, AutoCommit => 1, pg_enable_utf8 => 1 });
	return $dbh;
}

# A cell as text; lists for arrays.
sub cell {
	my ($v) = @_;
	return 'NULL' unless defined $v;
	return ref $v eq 'ARRAY' ? '[' . join(',', map { cell($_) } @$v) . ']' : "'$v'";
}

sub rows {
	my ($sth) = @_;
	return 'rows ' . $sth->rows unless $sth->{NUM_OF_FIELDS};
	my @lines = join ' ', map { "$sth->{NAME}[$_]:$sth->{pg_type}[$_]" } 0 .. $sth->{NUM_OF_FIELDS} - 1;
	while (my $row = $sth->fetchrow_arrayref) {
		push @lines, join '|', map { cell($_) } @$row;
	}
	return @lines, $sth->rows . ' ' . ($sth->{pg_cmd_status} // '');
}

sub run {
	my ($dbh, $sql, @values) = @_;
	my $sth = $dbh->prepare($sql);
	$sth->execute(@values);
	return rows($sth);
}

# The fields of the error that must come.
sub failing {
	my ($dbh, $sql, @values) = @_;
	eval { run($dbh, $sql, @values); 1 } and die "no error: $sql";
	die $@ unless $dbh->state && $dbh->state ne '00000';
	return join '|', map { $_ // '' } $dbh->state, $dbh->errstr, map { $dbh->pg_error_field($_) } @fields;
}

sub reads {
	my ($dbh) = @_;
	say_case('everything', run($dbh, 'SELECT * FROM everything ORDER BY id'));
	my $sth = $dbh->prepare('SELECT ?::text, ?::bytea, ?::int, ?::text[]');
	$sth->bind_param(1, "it's \\ ä");
	$sth->bind_param(2, "\0\xff" x 1000, { pg_type => PG_BYTEA });
	$sth->bind_param(3, undef);
	$sth->bind_param(4, ['a', undef, '"']);
	$sth->execute;
	say_case('parameters', rows($sth));
	say_case('long-parameter', run($dbh, 'SELECT md5(?), length(?)', 'x' x 500000, 'y' x 500000));
	say_case('wide', run($dbh, 'SELECT * FROM wide ORDER BY id'));
	say_case('do', $dbh->do('CREATE TEMP TABLE d (a int)'), $dbh->do('INSERT INTO d VALUES (1), (2)'),
		$dbh->do('DROP TABLE d'));
	say_case('many', $dbh->do('SELECT 1; SELECT 2; SELECT 3'));
}

sub prepared {
	my ($dbh) = @_;
	my @log;
	my $sth = $dbh->prepare('SELECT id, t FROM everything WHERE id = ?', { pg_prepare_now => 1 });
	for my $i (1 .. 50) {
		$sth->execute($i * 20);
		push @log, rows($sth);
	}
	push @log, join ',', @{ $sth->{pg_segments} // [] };
	my $direct = $dbh->prepare('SELECT 1 AS one', { pg_server_prepare => 0 });
	$direct->execute;
	my $tuples = $dbh->prepare('INSERT INTO d VALUES (?, ?)') if $dbh->do('CREATE TEMP TABLE d (a int, b text)');
	my $n = $tuples->execute_array({}, [1 .. 100], [map { "b$_" } 1 .. 100]);
	say_case('prepared', @log, rows($direct), $n, run($dbh, 'SELECT count(*), sum(a), max(b) FROM d'));
	$dbh->do('DROP TABLE d');
}

sub errors {
	my ($dbh) = @_;
	my @sql = ('SELEC 1', 'SELECT * FROM no_such_table', 'SELECT 1 / (id - 500) FROM everything ORDER BY id',
		"INSERT INTO parent VALUES (1, 'new')", "INSERT INTO parent VALUES (1000, 'forbidden')",
		'INSERT INTO child VALUES (1, 99999)', "SELECT fail('XY123')", 'SELECT * FROM pg_authid');
	say_case('errors', (map { failing($dbh, $_) } @sql), failing($dbh, 'SELECT 1 / ?::int', 0));
	my @log;
	$dbh->begin_work;
	run($dbh, 'CREATE TEMP TABLE steps (x int) ON COMMIT DROP');
	$dbh->pg_savepoint('a');
	push @log, failing($dbh, "INSERT INTO steps VALUES ('x')"), $dbh->ping, failing($dbh, 'SELECT 1');
	$dbh->pg_rollback_to('a');
	push @log, run($dbh, 'INSERT INTO steps VALUES (2)'), run($dbh, 'TABLE steps');
	$dbh->pg_release('a');
	$dbh->commit;
	say_case('savepoints', @log, failing($dbh, 'TABLE steps'));
	my @notices;
	local $SIG{__WARN__} = sub { push @notices, @_ };
	$dbh->{PrintWarn} = 1;
	say_case('notices', run($dbh, 'SELECT notices(60)'), @notices);
	$dbh->{PrintWarn} = 0;
}

sub copies {
	my ($dbh) = @_;
	my (@lines, $line);
	$dbh->do('COPY (SELECT * FROM everything ORDER BY id) TO STDOUT');
	push @lines, $line while $dbh->pg_getcopydata($line) >= 0;
	$dbh->do('CREATE TEMP TABLE back (LIKE everything)');
	$dbh->do('COPY back FROM STDIN');
	$dbh->pg_putcopydata($_) for @lines;
	$dbh->pg_putcopyend;
	my @log = run($dbh, "SELECT md5(string_agg(b::text, '|' ORDER BY id)) FROM back b");
	$dbh->do('COPY parent FROM STDIN');
	$dbh->pg_putcopydata("no number\tx\n");
	eval { $dbh->pg_putcopyend; 1 } and die 'no error';
	say_case('copy', @lines, @log, $dbh->state, $dbh->errstr, run($dbh, "SELECT 'alive'"));
}

sub large_objects {
	my ($dbh) = @_;
	$dbh->begin_work;
	my $oid = $dbh->pg_lo_creat($dbh->{pg_INV_WRITE});
	my $fd = $dbh->pg_lo_open($oid, $dbh->{pg_INV_WRITE} | $dbh->{pg_INV_READ});
	my $data = join '', map { chr($_ * 7 % 256) } 1 .. 100000;
	my @log = $dbh->pg_lo_write($fd, $data, length $data);
	push @log, $dbh->pg_lo_lseek($fd, 5000, 0), $dbh->pg_lo_tell($fd), $dbh->pg_lo_truncate($fd, 90000);
	my $back = '';
	my $n = $dbh->pg_lo_read($fd, $back, 200000);
	push @log, $n, sha256_hex(substr $back, 0, $n), $dbh->pg_lo_close($fd), $dbh->pg_lo_unlink($oid);
	$dbh->commit;
	say_case('large-object', @log);
}

sub asynchronous {
	my ($dbh, $other) = @_;
	my $sth = $dbh->prepare('SELECT id, t FROM everything ORDER BY id', { pg_async => PG_ASYNC });
	$sth->execute;
	$dbh->pg_result;
	my @log = rows($sth);
	$dbh->do('SELECT pg_sleep(60) /* of DBD::Pg */', { pg_async => PG_ASYNC });
	my $asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%of DBD::Pg%'"
		. ' AND pid <> pg_backend_pid()';
	my $tries = 0;
	until ($other->selectrow_array($asleep)) {
		die 'it never slept' if ++$tries > 1000;
		select undef, undef, undef, 0.02;
	}
	push @log, $dbh->pg_cancel, $dbh->state;
	say_case('asynchronous', @log, run($dbh, "SELECT 'alive'"));
}

sub notifications {
	my ($dbh, $other) = @_;
	$dbh->do('LISTEN dbdpg');
	$other->do("SELECT pg_notify('dbdpg', ?)", undef, $_) for 'one', '', 'y' x 7000;
	my (@got, $tries);
	while (@got < 3) {
		die 'no notification' if ++$tries > 1000;
		my $note = $dbh->pg_notifies;
		push @got, "$note->[0] $note->[2]" if $note;
		select undef, undef, undef, 0.02 unless $note;
	}
	say_case('listen', @got);
}

my ($dbh, $other) = (connect_now(), connect_now());
reads($dbh);
prepared($dbh);
errors($dbh);
copies($dbh);
large_objects($dbh);
asynchronous($dbh, $other);
notifications($dbh, $other);
$_->disconnect for $dbh, $other;
