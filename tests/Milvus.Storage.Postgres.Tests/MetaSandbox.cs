using System.Globalization;
using Milvus.TestKit.Postgres;
using Npgsql;

namespace Milvus.Storage.Postgres.Tests;

/// <summary>A schema of its own for one test, in the server shared by all or one given; dropped afterwards.</summary>
internal sealed class MetaSandbox : IAsyncDisposable
{
    private static int s_count;

    private readonly string _connectionString;

    private MetaSandbox(string connectionString)
    {
        _connectionString = connectionString;
        Schema = string.Create(CultureInfo.InvariantCulture, $"test_{Environment.ProcessId}_{Interlocked.Increment(ref s_count)}");
    }

    public string Schema { get; }

    public PostgresMetaStoreOptions Options => OptionsFor("");

    /// <summary>A schema in the shared server.</summary>
    public static async Task<MetaSandbox> CreateAsync() => In(await PostgresServer.SharedAsync());

    public static MetaSandbox In(PostgresServer server) => new(server.ConnectionString);

    public PostgresMetaStoreOptions OptionsFor(string settings) => new($"{_connectionString};{settings}") { Schema = Schema };

    public NpgsqlConnection NewConnection() => new(_connectionString + ";Pooling=false");

    /// <summary>Runs statements in which <c>{0}</c> stands for the schema.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = NewConnection();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{0}", Schema, StringComparison.Ordinal), connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Keeps every writer of the schema waiting until it is disposed.</summary>
    public async Task<IAsyncDisposable> BlockWritersAsync()
    {
        var connection = NewConnection();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; SELECT epoch FROM {Schema}.schema_info FOR UPDATE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>Completes when <paramref name="count"/> sessions wait for the lock.</summary>
    public async Task WaitForBlockedAsync(int count)
    {
        await using var connection = NewConnection();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{Schema}%'", connection);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((long)(await command.ExecuteScalarAsync(limit.Token))! < count)
            await Task.Delay(5, limit.Token);
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync("DROP SCHEMA IF EXISTS {0} CASCADE");
}
