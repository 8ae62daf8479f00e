using System.Globalization;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.Storage.Postgres.Commits;
using Milvus.Storage.Postgres.Schema;
using Npgsql;

namespace Milvus.Storage.Postgres;

/// <summary>
/// The meta store of a cluster: tables in a PostgreSQL database. A commit is one round trip, in which the epoch is checked under a row
/// lock, so that of two coordinators only the later one can commit. Entries carry a CRC-32C.
/// </summary>
/// <remarks>
/// <para>
/// Connects on first use and again by itself after the database was away; a call made meanwhile fails with an <see cref="IOException"/>
/// that names host and database. Reading and acquiring are repeated once on a fresh connection; a commit is not, its outcome being unknown.
/// </para>
/// <para>
/// A commit that failed that way could still be on its way to the database and take effect later, behind the next one. So the next
/// call first counts up a generation that every commit names: what has not happened by then never will.
/// </para>
/// </remarks>
public sealed class PostgresMetaStore : IMetaStore
{
    private const int MaxAttempts = 5;

    private readonly NpgsqlDataSource _source;
    private readonly MetaSchema _schema;
    private readonly string _database;
    private readonly SemaphoreSlim _gate = new(1);
    private long _generation;
    private volatile bool _prepared;
    private long _uncertainCommits;
    private long _settledCommits;
    private volatile bool _disposed;

    private bool IsUncertain => Volatile.Read(ref _settledCommits) < Volatile.Read(ref _uncertainCommits);

    /// <summary>Does not connect yet; the first call does, and creates the schema when it is missing.</summary>
    public PostgresMetaStore(PostgresMetaStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var settings = options.ToBuilder();
        _database = MetaDatabase.NameOf(settings);
        _schema = new MetaSchema(options.Schema);
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>Connects at once, so that a wrong setting is told at start.</summary>
    /// <exception cref="IOException">The database cannot be reached or refuses.</exception>
    /// <exception cref="IntegrityException">The schema was written by a newer version.</exception>
    public static async Task<PostgresMetaStore> OpenAsync(PostgresMetaStoreOptions options, CancellationToken cancellationToken = default)
    {
        var store = new PostgresMetaStore(options);
        try
        {
            await store.RunAsync((_, _) => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
            return store;
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task<IReadOnlyList<MetaEntry>> LoadAsync(string prefix, CancellationToken cancellationToken = default)
    {
        MetaKeys.ValidatePrefix(prefix);
        return RunAsync((connection, token) => LoadAsync(connection, prefix, token), cancellationToken);
    }

    public Task<long> AcquireEpochAsync(CancellationToken cancellationToken = default) =>
        RunAsync((connection, token) => CountUpAsync(connection, _schema.AcquireEpoch, token), cancellationToken);

    public async Task CommitAsync(IReadOnlyList<MetaMutation> mutations, long epoch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mutations);
        var statements = CommitBatch.Plan(mutations, _schema);
        for (var attempt = 1; ; attempt++)
        {
            var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var generation = Volatile.Read(ref _generation);
                try
                {
                    var batch = CommitBatch.Create(connection, _schema, epoch, generation, statements);
                    await using (batch.ConfigureAwait(false))
                        await batch.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
                    return;
                }
                catch (PostgresException e) when (e.SqlState == MetaSchema.OtherEpoch)
                {
                    var current = HintOf(e);
                    ArgumentOutOfRangeException.ThrowIfGreaterThan(epoch, current);
                    throw new StaleEpochException(epoch, current);
                }
                catch (PostgresException e) when (e.SqlState == MetaSchema.OtherGeneration && attempt < MaxAttempts)
                {
                    // Nothing was changed. A first commit learns the generation this way, later ones that another call has counted it up.
                    Interlocked.CompareExchange(ref _generation, HintOf(e), generation);
                }
                catch (PostgresException e) when (IsContention(e) && attempt < MaxAttempts)
                {
                    // Rolled back by a database whose default isolation is stricter than "read committed".
                }
                catch (Exception e) when (MetaDatabase.IsFailure(e))
                {
                    throw Fail(e, commit: true);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                try
                {
                    return await work(connection, cancellationToken).ConfigureAwait(false);
                }
                catch (NpgsqlException e) when (attempt == 1 && (IsBroken(e) || IsContention(e)))
                {
                    _source.Clear();
                }
                catch (Exception e) when (MetaDatabase.IsFailure(e))
                {
                    throw Fail(e, commit: false);
                }
            }
        }
    }

    /// <summary>A connection to a database whose schema is there and in which no lost commit is under way.</summary>
    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            NpgsqlConnection? connection = null;
            try
            {
                connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                if (!_prepared || IsUncertain)
                    await PrepareAsync(connection, cancellationToken).ConfigureAwait(false);
                return connection;
            }
            catch (Exception e)
            {
                if (connection is not null)
                    await connection.DisposeAsync().ConfigureAwait(false);
                if (e is ObjectDisposedException || (_disposed && MetaDatabase.IsFailure(e)))
                    throw new ObjectDisposedException(nameof(PostgresMetaStore));
                if (!MetaDatabase.IsFailure(e))
                    throw;
                // A pooled connection may have died unnoticed; a new one tells more.
                if (connection is null || attempt > 1 || !IsBroken(e))
                    throw Fail(e, commit: false);
                _source.Clear();
            }
        }
    }

    private async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_prepared)
            {
                await _schema.PrepareAsync(connection, _database, cancellationToken).ConfigureAwait(false);
                _prepared = true;
            }
            if (IsUncertain)
            {
                var failed = Volatile.Read(ref _uncertainCommits); // Those that fail from now on are not covered.
                Volatile.Write(ref _generation, await CountUpAsync(connection, _schema.NextGeneration, cancellationToken).ConfigureAwait(false));
                Volatile.Write(ref _settledCommits, failed);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<IReadOnlyList<MetaEntry>> LoadAsync(NpgsqlConnection connection, string prefix, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(_schema.Load, connection);
        await using (command.ConfigureAwait(false))
        {
            foreach (var (value, type) in CommitBatch.Range(prefix))
                command.Parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var entries = new List<MetaEntry>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var entry = new MetaEntry(reader.GetString(0), reader.GetFieldValue<byte[]>(1));
                    if (reader.GetInt64(2) != CommitBatch.Checksum(entry.Key, entry.Value))
                        throw new IntegrityException(_database, $"entry '{entry.Key}': checksum mismatch");
                    entries.Add(entry);
                }
                return entries;
            }
        }
    }

    private async Task<long> CountUpAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is long value
                ? value
                : throw new IntegrityException(_database, "the row that holds the epoch is missing");
        }
    }

    private Exception Fail(Exception e, bool commit)
    {
        if (commit && MetaDatabase.MayHaveTakenEffect(e))
            Interlocked.Increment(ref _uncertainCommits);
        if (IsBroken(e))
            _source.Clear();
        return _disposed ? new ObjectDisposedException(nameof(PostgresMetaStore)) : MetaDatabase.Translate(e, _database);
    }

    private static bool IsBroken(Exception e) => e is not PostgresException { Severity: "ERROR" } and not { InnerException: TimeoutException } and not TimeoutException;

    private static bool IsContention(NpgsqlException e) => e.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    private static long HintOf(PostgresException e) => long.Parse(e.Hint!, CultureInfo.InvariantCulture);
}
