using System.Text;
using Milvus.Storage.Meta;
using Milvus.TestKit.Postgres;
using Npgsql;

namespace Milvus.Storage.Postgres.Tests;

/// <summary>The database away, slow, or reached late.</summary>
public sealed class OutageTests
{
    [OwnPostgresFact]
    public async Task The_store_goes_on_by_itself_when_the_server_is_back()
    {
        await using var server = await PostgresServer.StartNewAsync();
        var sandbox = MetaSandbox.In(server);
        await using var store = new PostgresMetaStore(sandbox.Options);
        var epoch = await store.AcquireEpochAsync();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => store.CommitAsync([Put($"{i}", "")], epoch))); // Several connections are open now.

        await server.StopAsync();
        await Assert.ThrowsAsync<IOException>(() => store.CommitAsync([Put("away", "")], epoch));
        await Assert.ThrowsAsync<IOException>(() => store.LoadAsync(""));
        await Assert.ThrowsAsync<IOException>(() => store.AcquireEpochAsync());
        await server.StartAsync();

        await store.CommitAsync([Put("back", "")], epoch);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "back"], (await store.LoadAsync("")).Select(e => e.Key));
        Assert.Equal(epoch + 1, await store.AcquireEpochAsync());
    }

    [OwnPostgresFact]
    public async Task A_crash_of_the_server_ends_a_commit_and_keeps_what_was_acknowledged()
    {
        await using var server = await PostgresServer.StartNewAsync();
        var sandbox = MetaSandbox.In(server);
        await using var store = new PostgresMetaStore(sandbox.Options);
        var epoch = await store.AcquireEpochAsync();
        await store.CommitAsync([Put("acknowledged", "")], epoch);
        var blocker = await sandbox.BlockWritersAsync();
        var commit = store.CommitAsync([Put("caught", "")], epoch);
        await sandbox.WaitForBlockedAsync(1);

        await server.KillAsync();

        await Assert.ThrowsAsync<IOException>(() => commit);
        await server.StartAsync();
        await blocker.DisposeAsync();
        Assert.Equal(["acknowledged"], (await store.LoadAsync("")).Select(e => e.Key));
        await store.CommitAsync([Put("later", "")], epoch);
        Assert.Equal(["acknowledged", "later"], (await store.LoadAsync("")).Select(e => e.Key));
    }

    [OwnPostgresFact]
    public async Task Reading_survives_a_restart_between_two_calls()
    {
        await using var server = await PostgresServer.StartNewAsync();
        var sandbox = MetaSandbox.In(server);
        await using var store = new PostgresMetaStore(sandbox.Options);
        await store.CommitAsync([Put("k", "")], await store.AcquireEpochAsync());
        await server.StopAsync();
        await server.StartAsync();

        Assert.Single(await store.LoadAsync(""));
        await server.KillAsync();
        await server.StartAsync();
        Assert.Equal(2, await store.AcquireEpochAsync());
    }

    [PostgresFact]
    public async Task A_database_that_does_not_answer_in_time_fails_the_call_alone()
    {
        await using var sandbox = await MetaSandbox.CreateAsync();
        await using var store = new PostgresMetaStore(sandbox.Options with { CommandTimeout = TimeSpan.FromSeconds(1) });
        var epoch = await store.AcquireEpochAsync();
        await using (await sandbox.BlockWritersAsync())
        {
            var e = await Assert.ThrowsAsync<IOException>(() => store.CommitAsync([Put("slow", "")], epoch));
            Assert.Contains("no answer in time", e.Message, StringComparison.Ordinal);
        }

        await store.CommitAsync([Put("next", "")], epoch);
        Assert.Equal(["next"], (await store.LoadAsync("")).Select(e => e.Key));
    }

    [PostgresFact]
    public async Task A_commit_given_up_as_lost_does_not_strike_later()
    {
        await using var sandbox = await MetaSandbox.CreateAsync();
        await using (var direct = await PostgresMetaStore.OpenAsync(sandbox.Options))
            Assert.Equal(1, await direct.AcquireEpochAsync());
        await using var relay = StallingRelay.To(new NpgsqlConnectionStringBuilder(sandbox.Options.ConnectionString));
        await using var store = await PostgresMetaStore.OpenAsync(sandbox.OptionsFor($"Host=127.0.0.1;Port={relay.Port};Ssl Mode=Disable"));
        var epoch = await store.AcquireEpochAsync();
        await store.CommitAsync([Put("k", "first")], epoch);

        // The network takes the commit, delivers nothing, and the client's side of the connection breaks.
        relay.Stall();
        var lost = store.CommitAsync([Put("k", "lost")], epoch);
        await relay.StalledAsync();
        relay.BreakClients();
        await Assert.ThrowsAsync<IOException>(() => lost);
        await store.CommitAsync([Put("k", "second")], epoch);

        // Only now the delayed bytes arrive.
        await relay.DeliverAsync();
        Assert.Equal("second", Encoding.UTF8.GetString((await store.LoadAsync("k"))[0].Value));
    }

    [PostgresFact]
    public async Task Cancelling_before_a_commit_changes_nothing()
    {
        await using var sandbox = await MetaSandbox.CreateAsync();
        await using var store = new PostgresMetaStore(sandbox.Options);
        var epoch = await store.AcquireEpochAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CommitAsync([Put("k", "")], epoch, new CancellationToken(canceled: true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.LoadAsync("", new CancellationToken(canceled: true)));
        Assert.Empty(await store.LoadAsync(""));
    }

    [PostgresFact]
    public async Task A_database_that_does_not_exist_is_named()
    {
        await using var sandbox = await MetaSandbox.CreateAsync();
        var e = await Assert.ThrowsAsync<IOException>(() => PostgresMetaStore.OpenAsync(sandbox.OptionsFor("Database=no_such_database")));

        Assert.Contains("/no_such_database: ", e.Message, StringComparison.Ordinal);
    }

    private static MetaMutation Put(string key, string value) => MetaMutation.Put(key, Encoding.UTF8.GetBytes(value));
}
