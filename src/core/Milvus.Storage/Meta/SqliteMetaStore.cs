using System.Text;
using Microsoft.Data.Sqlite;
using Milvus.Model;
using Milvus.Storage.Files;

namespace Milvus.Storage.Meta;

/// <summary>
/// The meta store as one SQLite file: write-ahead journal, synced at every commit, and a CRC-32C beside each entry, because SQLite
/// itself does not checksum what it stores.
/// </summary>
/// <remarks>
/// SQLite has no asynchronous calls: the work is done on the caller's thread and the task returned is complete. One connection,
/// guarded by a lock; commits take as long as the disk needs for a sync.
/// </remarks>
public sealed class SqliteMetaStore : IMetaStore
{
    private const int SchemaVersion = 1;
    private const int BusyTimeoutMs = 5000;
    private const int SqliteFull = 13;

    // Sorts behind every key that begins with the same prefix; keys cannot contain it.
    private const string AfterEverything = "\U0010FFFF";

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <summary>Opens the file, creating it and its directory when they do not exist.</summary>
    /// <exception cref="IntegrityException">The file is damaged, no SQLite file, or written by a newer version.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public SqliteMetaStore(string path)
    {
        _path = Path.GetFullPath(path);
        DirectoryNames.CreateDurably(Path.GetDirectoryName(_path)!);
        var isNew = !File.Exists(_path);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = BusyTimeoutMs / 1000,
        }.ToString());
        try
        {
            Guard(Prepare);
            if (isNew)
                DirectoryNames.Sync(Path.GetDirectoryName(_path)!);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    public Task<IReadOnlyList<MetaEntry>> LoadAsync(string prefix, CancellationToken cancellationToken = default)
    {
        MetaKeys.ValidatePrefix(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return Task.FromResult(Guard(() => Load(prefix)));
    }

    public Task<long> AcquireEpochAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return Task.FromResult(Guard(AcquireEpoch));
    }

    public Task CommitAsync(IReadOnlyList<MetaMutation> mutations, long epoch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            Guard(() =>
            {
                Commit(mutations, epoch);
                return true;
            });
        }
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _disposed = true;
            _connection.Dispose();
        }
        return ValueTask.CompletedTask;
    }

    private bool Prepare()
    {
        _connection.Open();
        Execute($"PRAGMA busy_timeout={BusyTimeoutMs}");
        var check = (string)Scalar("PRAGMA quick_check(1)")!;
        if (check != "ok")
            throw new IntegrityException(_path, check);
        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=FULL");
        using var transaction = _connection.BeginTransaction(deferred: false);
        Execute("CREATE TABLE IF NOT EXISTS schema_info (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, epoch INTEGER NOT NULL)", transaction);
        Execute("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID", transaction);
        Execute($"INSERT OR IGNORE INTO schema_info (id, version, epoch) VALUES (1, {SchemaVersion}, 0)", transaction);
        var version = (long)Scalar("SELECT version FROM schema_info", transaction)!;
        if (version != SchemaVersion)
            throw new IntegrityException(_path, $"schema version {version}, this program understands version {SchemaVersion}");
        transaction.Commit();
        return true;
    }

    private IReadOnlyList<MetaEntry> Load(string prefix)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT key, value, checksum FROM entries WHERE key >= $from AND key < $to ORDER BY key";
        AddRange(command, prefix);
        using var reader = command.ExecuteReader();
        var entries = new List<MetaEntry>();
        while (reader.Read())
        {
            var entry = new MetaEntry(reader.GetString(0), reader.GetFieldValue<byte[]>(1));
            if (reader.GetInt64(2) != Checksum(entry.Key, entry.Value))
                throw new IntegrityException(_path, $"entry '{entry.Key}': checksum mismatch");
            entries.Add(entry);
        }
        return entries;
    }

    private long AcquireEpoch()
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        var epoch = (long)Scalar("UPDATE schema_info SET epoch = epoch + 1 RETURNING epoch", transaction)!;
        transaction.Commit();
        Checkpoint();
        return epoch;
    }

    private void Commit(IReadOnlyList<MetaMutation> mutations, long epoch)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        var current = (long)Scalar("SELECT epoch FROM schema_info", transaction)!;
        if (epoch < current)
            throw new StaleEpochException(epoch, current);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(epoch, current);
        foreach (var mutation in mutations)
            Apply(mutation, transaction);
        transaction.Commit();
        Checkpoint();
    }

    // SQLite silently drops a damaged end of its journal; in the main file damage is found by the checksums. So committed entries do
    // not stay in the journal. The commit is durable already: when this fails, the next one moves the rest.
    private void Checkpoint()
    {
        try
        {
            Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException)
        {
            // See above.
        }
    }

    private void Apply(MetaMutation mutation, SqliteTransaction transaction)
    {
        using var command = _connection.CreateCommand();
        command.Transaction = transaction;
        switch (mutation.Kind)
        {
            case MetaMutationKind.Put:
                command.CommandText = "INSERT INTO entries (key, value, checksum) VALUES ($key, $value, $checksum) "
                    + "ON CONFLICT (key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum";
                command.Parameters.AddWithValue("$key", mutation.Key);
                command.Parameters.AddWithValue("$value", mutation.Value.ToArray());
                command.Parameters.AddWithValue("$checksum", (long)Checksum(mutation.Key, mutation.Value.Span));
                break;
            case MetaMutationKind.Delete:
                command.CommandText = "DELETE FROM entries WHERE key = $key";
                command.Parameters.AddWithValue("$key", mutation.Key);
                break;
            case MetaMutationKind.DeletePrefix:
                command.CommandText = "DELETE FROM entries WHERE key >= $from AND key < $to";
                AddRange(command, mutation.Key);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(mutation), mutation.Kind, "unknown mutation");
        }
        command.ExecuteNonQuery();
    }

    private static void AddRange(SqliteCommand command, string prefix)
    {
        command.Parameters.AddWithValue("$from", prefix);
        command.Parameters.AddWithValue("$to", prefix + AfterEverything);
    }

    private static uint Checksum(string key, ReadOnlySpan<byte> value) => Crc32C.Append(Crc32C.Compute(Encoding.UTF8.GetBytes(key)), value);

    private void Execute(string sql, SqliteTransaction? transaction = null)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private object? Scalar(string sql, SqliteTransaction? transaction = null)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        return command.ExecuteScalar();
    }

    private T Guard<T>(Func<T> work)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            return work();
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SqliteFull)
        {
            throw DiskErrors.DiskFull(_path);
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            throw new IntegrityException(_path, e.Message, e);
        }
        catch (SqliteException e)
        {
            throw new IOException($"{_path}: {e.Message}", e);
        }
    }

    // 11: malformed, 26: not a database, 1: a table or column that must be there is not.
    private static bool IsDamage(SqliteException e) => e.SqliteErrorCode is 1 or 11 or 26;
}
