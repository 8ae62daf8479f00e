using System.Text;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.TestKit.Meta;
using Milvus.TestKit.Postgres;

namespace Milvus.Storage.Postgres.Tests;

/// <summary>The specification against a real server, and what a database of one's own can hold that a file cannot.</summary>
[NeedsPostgres]
public sealed class PostgresMetaStoreTests : MetaStoreSpecification, IAsyncLifetime
{
    private MetaSandbox? _sandbox;
    private PostgresMetaStore? _store;

    protected override IMetaStore Store => _store!;

    private MetaSandbox Sandbox => _sandbox!;

    public async Task InitializeAsync()
    {
        if (PostgresServer.Missing is not null) return; // What needs no server still runs.
        _sandbox = await MetaSandbox.CreateAsync();
        _store = new PostgresMetaStore(_sandbox.Options);
    }

    public async Task DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        if (_sandbox is not null) await _sandbox.DisposeAsync();
    }

    [PostgresFact]
    public async Task Entries_and_epoch_survive_reopening()
    {
        var epoch = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("k", "v")], epoch);
        await ReopenAsync();

        Assert.Equal(["k=v"], await LoadAsync(""));
        Assert.Equal(2, await Store.AcquireEpochAsync());
        await Assert.ThrowsAsync<StaleEpochException>(() => Store.CommitAsync([Put("k", "old")], epoch));
    }

    [PostgresFact]
    public async Task Keys_are_ordered_by_their_bytes_whatever_the_language()
    {
        string[] keys = ["a", "a/b", "a0", "A", "z", "é", "Ä", "ß", "\ufb01", "\U0001F600", "中", "a b", "a-b", "a_b"];
        await Store.CommitAsync([.. keys.Select(k => Put(k, "v"))], await Store.AcquireEpochAsync());

        var expected = keys.Order(Comparer<string>.Create((x, y) => Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y))));
        Assert.Equal(expected, (await Store.LoadAsync("")).Select(e => e.Key));
    }

    [PostgresFact]
    public async Task A_commit_may_be_large_and_name_a_key_often()
    {
        var random = new Random(5);
        var mutations = new List<MetaMutation>();
        for (var i = 0; i < 3000; i++)
        {
            mutations.Add(Put($"segment/{random.Next(1000):D6}", new string('x', random.Next(200))));
            mutations.Add(MetaMutation.Delete($"segment/{random.Next(1000):D6}"));
        }
        mutations.Add(Put("segment/x", "last"));
        await using var model = new InMemoryMetaStore();
        foreach (var store in new[] { Store, model })
            await store.CommitAsync(mutations, await store.AcquireEpochAsync());

        Assert.Equal(await ContentOfAsync(model), await ContentOfAsync(Store));
    }

    [PostgresFact]
    public async Task A_key_too_long_for_the_index_is_refused_and_nothing_changes()
    {
        var epoch = await Store.AcquireEpochAsync();
        var e = await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync([Put("k", "v"), Put(new string('中', MetaKeys.MaxLength), "v")], epoch));

        Assert.Contains("3072 bytes", e.Message, StringComparison.Ordinal);
        Assert.Empty(await LoadAsync(""));
        // Text that cannot be compressed, of the longest kind that is taken.
        var random = new Random(2);
        var longest = new string([.. Enumerable.Range(0, 866).Select(_ => (char)random.Next(0x4E00, 0x9FA0))]) + "ab";
        await Store.CommitAsync([Put(longest, "v")], epoch);
        Assert.Equal(longest, Assert.Single(await Store.LoadAsync("")).Key);
    }

    [PostgresFact]
    public async Task A_failing_mutation_undoes_the_commit()
    {
        var epoch = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("a", "old")], epoch);
        await Sandbox.ExecuteAsync("ALTER TABLE {0}.entries ADD CONSTRAINT no_bomb CHECK (key <> 'bomb')");

        var e = await Assert.ThrowsAsync<IOException>(() => Store.CommitAsync([Put("a", "new"), MetaMutation.DeletePrefix("x"), Put("bomb", "b")], epoch));

        Assert.Contains("no_bomb", e.Message, StringComparison.Ordinal);
        Assert.Equal(["a=old"], await LoadAsync(""));
        await Store.CommitAsync([Put("a", "newer")], epoch);
        Assert.Equal(["a=newer"], await LoadAsync(""));
    }

    [PostgresFact]
    public async Task A_newer_schema_is_refused()
    {
        await Store.AcquireEpochAsync();
        await Sandbox.ExecuteAsync("UPDATE {0}.schema_info SET version = 99");
        await ReopenAsync();

        Assert.Contains("schema version 99", (await Assert.ThrowsAsync<IntegrityException>(() => LoadAsync(""))).Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_changed_value_is_found()
    {
        await Store.CommitAsync([Put("good", "v"), Put("bad", "v")], await Store.AcquireEpochAsync());
        await Sandbox.ExecuteAsync(@"UPDATE {0}.entries SET value = '\x00' WHERE key = 'bad'");

        Assert.Equal(["good=v"], await LoadAsync("g"));
        Assert.Contains("'bad'", (await Assert.ThrowsAsync<IntegrityException>(() => LoadAsync(""))).Message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("DROP TABLE {0}.entries")]
    [InlineData("DROP SCHEMA {0} CASCADE")]
    [InlineData("DELETE FROM {0}.schema_info")]
    [InlineData("ALTER TABLE {0}.entries DROP COLUMN checksum")]
    public async Task What_has_gone_from_the_schema_is_damage(string change)
    {
        var epoch = await Store.AcquireEpochAsync();
        await Sandbox.ExecuteAsync(change);

        await Assert.ThrowsAsync<IntegrityException>(() => Store.CommitAsync([Put("k", "v")], epoch));
    }

    [PostgresFact]
    public async Task Schemas_do_not_share_anything()
    {
        await using var second = await MetaSandbox.CreateAsync();
        await using var other = new PostgresMetaStore(second.Options);
        await Store.CommitAsync([Put("k", "v")], await Store.AcquireEpochAsync());

        Assert.Empty(await other.LoadAsync(""));
        Assert.Equal(1, await other.AcquireEpochAsync());
    }

    [PostgresFact]
    public async Task A_new_schema_may_be_opened_by_many_at_once()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostgresMetaStore.OpenAsync(Sandbox.Options)));
        var epochs = await Task.WhenAll(stores.Select(s => s.AcquireEpochAsync()));

        Assert.Equal(Enumerable.Range(1, 8).Select(i => (long)i), epochs.Order());
        foreach (var store in stores) await store.DisposeAsync();
    }

    [PostgresFact]
    public async Task A_role_without_rights_to_create_can_use_what_is_there()
    {
        await Store.AcquireEpochAsync();
        var role = "guest_" + Sandbox.Schema;
        await Sandbox.ExecuteAsync($$"""
            CREATE ROLE {{role}} LOGIN PASSWORD 'guest';
            GRANT USAGE ON SCHEMA {0} TO {{role}};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {0} TO {{role}};
            """);
        try
        {
            await using var guest = new PostgresMetaStore(Sandbox.OptionsFor("Username=" + role + ";Password=guest"));
            await guest.CommitAsync([Put("k", "v")], await guest.AcquireEpochAsync());
            Assert.Equal(["k=v"], await LoadAsync(""));
        }
        finally
        {
            await Sandbox.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role};");
        }
    }

    [PostgresFact]
    public async Task A_closed_store_says_so()
    {
        var store = new PostgresMetaStore(Sandbox.Options);
        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.LoadAsync(""));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.CommitAsync([], 1));
    }

    private static async Task<List<string>> ContentOfAsync(IMetaStore store) =>
        [.. (await store.LoadAsync("")).Select(e => $"{e.Key}={Encoding.UTF8.GetString(e.Value)}")];

    private async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        _store = new PostgresMetaStore(Sandbox.Options);
    }
}
