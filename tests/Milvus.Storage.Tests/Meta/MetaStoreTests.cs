using Microsoft.Data.Sqlite;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.TestKit.Disk;
using Milvus.TestKit.Meta;

namespace Milvus.Storage.Tests.Meta;

public sealed class InMemoryMetaStoreTests : MetaStoreSpecification
{
    protected override IMetaStore Store { get; } = new InMemoryMetaStore();
}

public sealed class SqliteMetaStoreTests : MetaStoreSpecification, IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private SqliteMetaStore _store;

    public SqliteMetaStoreTests() => _store = new SqliteMetaStore(FilePath);

    protected override IMetaStore Store => _store;

    private string FilePath => _directory.Combine("meta", "meta.db");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Entries_and_epoch_survive_reopening()
    {
        var epoch = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("k", "v")], epoch);
        await ReopenAsync();

        Assert.Equal(["k=v"], await LoadAsync(""));
        Assert.Equal(2, await Store.AcquireEpochAsync());
        await Assert.ThrowsAsync<StaleEpochException>(() => Store.CommitAsync([Put("k", "old")], epoch));
    }

    [Fact]
    public async Task A_commit_is_on_disk_when_it_returns()
    {
        var epoch = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("k", "v")], epoch);
        var copy = _directory.Combine("copy.db");
        foreach (var suffix in new[] { "", "-wal" })
        {
            if (File.Exists(FilePath + suffix))
                File.Copy(FilePath + suffix, copy + suffix);
        }

        await using var other = new SqliteMetaStore(copy);
        Assert.Equal("k", Assert.Single(await other.LoadAsync("")).Key);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named()
    {
        var path = _directory.Combine("garbage.db");
        var garbage = new byte[8192];
        new Random(3).NextBytes(garbage);
        await File.WriteAllBytesAsync(path, garbage);

        Assert.Equal(path, Assert.Throws<IntegrityException>(() => new SqliteMetaStore(path)).DamagedSource);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await Store.DisposeAsync();
        Run("UPDATE schema_info SET version = 99");

        Assert.Contains("schema version 99", Assert.Throws<IntegrityException>(() => new SqliteMetaStore(FilePath)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_value_is_found()
    {
        await Store.CommitAsync([Put("good", "v"), Put("bad", "v")], await Store.AcquireEpochAsync());
        await Store.DisposeAsync();
        Run("UPDATE entries SET value = x'00' WHERE key = 'bad'");
        _store = new SqliteMetaStore(FilePath);

        Assert.Equal(["good=v"], await LoadAsync("g"));
        Assert.Contains("'bad'", (await Assert.ThrowsAsync<IntegrityException>(() => LoadAsync(""))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flipped_and_lost_bytes_are_never_served()
    {
        var epoch = await Store.AcquireEpochAsync();
        var expected = Enumerable.Range(0, 300).Select(i => $"segment/{i:D4}={i * 7919:X8}-{i}").ToList();
        await Store.CommitAsync([.. expected.Select(e => Put(e.Split('=')[0], e.Split('=')[1]))], epoch);
        await Store.DisposeAsync();
        var whole = await File.ReadAllBytesAsync(FilePath);
        var random = new Random(11);
        var found = 0;
        for (var trial = 0; trial < 150; trial++)
        {
            var damaged = (byte[])whole.Clone();
            var at = random.Next(damaged.Length);
            damaged[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(FilePath, damaged);
            try
            {
                await using var store = new SqliteMetaStore(FilePath);
                var loaded = (await store.LoadAsync("")).Select(e => $"{e.Key}={System.Text.Encoding.UTF8.GetString(e.Value)}");
                Assert.Equal(expected, loaded);
            }
            catch (IntegrityException e)
            {
                Assert.Equal(FilePath, e.DamagedSource);
                found++;
            }
            catch (IOException)
            {
                found++; // A flip in the file header can make SQLite unable to open it at all.
            }
        }
        Assert.InRange(found, 50, 150);
        await File.WriteAllBytesAsync(FilePath, whole);
        _store = new SqliteMetaStore(FilePath);
    }

    private async Task ReopenAsync()
    {
        await _store.DisposeAsync();
        _store = new SqliteMetaStore(FilePath);
    }

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={FilePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
