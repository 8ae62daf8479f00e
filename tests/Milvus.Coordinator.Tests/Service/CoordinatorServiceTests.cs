using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Service;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.TestKit.Disk;
using Milvus.TestKit.Meta;
using static Milvus.Coordinator.Tests.Schemas;

namespace Milvus.Coordinator.Tests.Service;

public class CoordinatorServiceTests
{
    private readonly InMemoryMetaStore _store = new();

    [Fact]
    public async Task A_change_is_durable_visible_and_told_before_the_answer()
    {
        await using var coordinator = await Shell.StartAsync(_store);
        var observer = new Recorder();
        using var subscription = coordinator.Subscribe(observer);
        var before = coordinator.Catalog;
        var result = await coordinator.ExecuteAsync(new CreateCollection("", "c", Simple));

        Assert.True(result.Changed);
        Assert.Equal(coordinator.Catalog.GetCollection("", "c").Id, result.Id);
        Assert.Same(coordinator.Catalog, result.Catalog);
        Assert.Equal(before.Version + 1, coordinator.Catalog.Version);
        var change = Assert.Single(observer.Changes);
        Assert.Same(before, change.Before);
        Assert.Same(coordinator.Catalog, change.After);
        Assert.IsType<CollectionCreated>(Assert.Single(change.Events));
        Assert.Equal(result.At, change.At);
        await using var successor = await Shell.StartAsync(_store);
        Assert.Equal(Shell.Dump(coordinator.Catalog), Shell.Dump(successor.Catalog));
    }

    [Fact]
    public async Task What_changes_nothing_writes_nothing_and_tells_nobody()
    {
        await using var coordinator = await Shell.StartAsync(_store);
        await coordinator.ExecuteAsync(new CreateCollection("", "c", Simple));
        var observer = new Recorder();
        coordinator.Subscribe(observer);
        var commits = _store.CommitCount;
        var result = await coordinator.ExecuteAsync(new CreateCollection("", "c", Simple));
        Assert.False(result.Changed);
        Assert.Equal(coordinator.Catalog.GetCollection("", "c").Id, result.Id);
        await Assert.ThrowsAsync<MilvusException>(() => coordinator.ExecuteAsync(new DropDatabase("default")));
        Assert.Empty(observer.Changes);
        Assert.Equal(commits, _store.CommitCount);
    }

    [Fact]
    public async Task Observers_see_every_change_in_order_and_may_fail()
    {
        await using var coordinator = await Shell.StartAsync(_store);
        coordinator.Subscribe(new Recorder { Fails = true });
        var observer = new Recorder();
        var subscription = coordinator.Subscribe(observer);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => coordinator.ExecuteAsync(new CreateCollection("", $"c{i}", Simple))));
        Assert.Equal(20, observer.Changes.Count);
        foreach (var (a, b) in observer.Changes.Zip(observer.Changes.Skip(1)))
        {
            Assert.Same(a.After, b.Before);
            Assert.True(a.At < b.At);
        }
        subscription.Dispose();
        await coordinator.ExecuteAsync(new DropCollection("", "c0"));
        Assert.Equal(20, observer.Changes.Count);
    }

    [Fact]
    public async Task A_new_store_gets_its_built_ins_once()
    {
        await using (var first = await Shell.StartAsync(_store))
        {
            Assert.Equal(["default"], first.Catalog.Databases.Select(d => d.Name));
            Assert.True(first.Access.Authenticate("root", "Milvus"));
            await first.ExecuteAsync(new UpdateUser("root") { OldPassword = "Milvus", NewPassword = "changed" });
            Assert.False(first.Access.Authenticate("root", "Milvus"));
            Assert.True(first.Access.Authenticate("root", "changed"));
            Assert.True(first.Access.Authenticate("root", "changed"));
        }
        await using var second = await Shell.StartAsync(_store);
        Assert.True(second.Access.Authenticate("root", "changed"));
        Assert.False(second.Access.Authenticate("root", "Milvus"));
        Assert.False(second.Access.Authenticate("nobody", "Milvus"));
    }

    [Fact]
    public async Task A_superseded_coordinator_refuses_everything()
    {
        await using var old = await Shell.StartAsync(_store);
        await old.ExecuteAsync(new CreateCollection("", "c", Simple));
        await using var successor = await Shell.StartAsync(_store);
        var first = await Assert.ThrowsAsync<StaleEpochException>(() => old.ExecuteAsync(new CreateCollection("", "d", Simple)));
        Assert.Equal(ErrorCode.ServiceUnavailable, first.Code);
        Assert.True(old.IsFenced);
        var commits = _store.CommitCount;
        var second = await Assert.ThrowsAsync<MilvusException>(() => old.ExecuteAsync(new CreateCollection("", "c", Simple)));
        Assert.Equal(ErrorCode.ServiceUnavailable, second.Code);
        Assert.Equal(ErrorCode.ServiceUnavailable, (await Assert.ThrowsAsync<MilvusException>(() => old.Segments.CommitAsync(new() { CollectionId = 1 }))).Code);
        Assert.Equal(commits, _store.CommitCount);
        Assert.False(successor.Catalog.TryResolveCollection("", "d", out _));
        await successor.ExecuteAsync(new CreateCollection("", "d", Simple));
    }

    [Fact]
    public async Task Two_coordinators_never_both_write()
    {
        await using var a = await Shell.StartAsync(_store);
        await using var b = await Shell.StartAsync(_store);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            try
            {
                await (i % 2 == 0 ? a : b).ExecuteAsync(new CreateCollection("", $"c{i}", Simple));
                return i;
            }
            catch (MilvusException e) when (e.Code == ErrorCode.ServiceUnavailable)
            {
                return -1;
            }
        }));
        Assert.All(outcomes.Where(i => i >= 0), i => Assert.Equal(1, i % 2));
        await using var check = await Shell.StartAsync(_store);
        Assert.Equal(outcomes.Where(i => i >= 0).Select(i => $"c{i}").Order(), check.Catalog.Collections.Select(c => c.Name).Order());
    }

    [Fact]
    public async Task A_failed_commit_changes_nothing()
    {
        var flaky = new FlakyMetaStore(_store);
        await using var coordinator = await Shell.StartAsync(flaky);
        var before = coordinator.Catalog;
        flaky.FailNextCommit = true;
        Assert.Equal(ErrorCode.IoFailed, (await Assert.ThrowsAsync<MilvusException>(() => coordinator.ExecuteAsync(new CreateCollection("", "c", Simple)))).Code);
        Assert.Same(before, coordinator.Catalog);
        await coordinator.ExecuteAsync(new CreateCollection("", "c", Simple));
    }

    [Fact]
    public async Task A_lost_acknowledgement_is_found_out()
    {
        var flaky = new FlakyMetaStore(_store);
        await using var coordinator = await Shell.StartAsync(flaky);
        var observer = new Recorder();
        coordinator.Subscribe(observer);
        flaky.LoseNextAcknowledgement = true;
        Assert.True((await coordinator.ExecuteAsync(new CreateCollection("", "c", Simple))).Changed);
        Assert.Single(observer.Changes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unknown_outcome_is_settled_before_the_next_command(bool committed)
    {
        var flaky = new FlakyMetaStore(_store);
        await using var coordinator = await Shell.StartAsync(flaky);
        var observer = new Recorder();
        coordinator.Subscribe(observer);
        flaky.LoseNextAcknowledgement = committed;
        flaky.FailNextCommit = !committed;
        flaky.Unreachable = true;
        await Assert.ThrowsAsync<MilvusException>(() => coordinator.ExecuteAsync(new CreateCollection("", "c", Simple)));
        Assert.Equal(ErrorCode.IoFailed, (await Assert.ThrowsAsync<MilvusException>(() => coordinator.ExecuteAsync(new DropCollection("", "c")))).Code);
        Assert.Empty(observer.Changes);
        flaky.Unreachable = false;
        var drop = await coordinator.ExecuteAsync(new DropCollection("", "c"));
        Assert.Equal(committed, drop.Changed);
        Assert.Equal(committed ? 2 : 0, observer.Changes.Count);
        await using var successor = await Shell.StartAsync(_store);
        Assert.Equal(Shell.Dump(coordinator.Catalog), Shell.Dump(successor.Catalog));
    }

    [Fact]
    public async Task A_full_disk_has_its_own_code()
    {
        await using var coordinator = await Shell.StartAsync(_store);
        _store.FailNextCommit(Storage.Files.DiskErrors.DiskFull("meta"));
        Assert.Equal(ErrorCode.DiskLimitExceeded, (await Assert.ThrowsAsync<MilvusException>(() => coordinator.ExecuteAsync(new CreateCollection("", "c", Simple)))).Code);
    }

    [Fact]
    public async Task A_damaged_record_stops_the_start_and_is_named()
    {
        await using (var first = await Shell.StartAsync(_store)) await first.ExecuteAsync(new CreateCollection("", "c", Simple));
        var key = (await _store.LoadAsync("catalog/collection/"))[0].Key;
        var epoch = await _store.AcquireEpochAsync();
        foreach (var bad in new[] { "", "{}", "{\"v\":2}", "{\"v\":1}", "[1]", "{\"v\":1,\"id\":\"x\"" })
        {
            await _store.CommitAsync([MetaMutation.Put(key, System.Text.Encoding.UTF8.GetBytes(bad))], epoch);
            var error = await Assert.ThrowsAsync<IntegrityException>(() => Shell.StartAsync(_store));
            Assert.Equal(key, error.DamagedSource);
            epoch = await _store.AcquireEpochAsync();
        }
    }

    [Fact]
    public async Task It_runs_on_the_file_store()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "meta.db");
        string before;
        await using (var store = new SqliteMetaStore(path))
        await using (var coordinator = await Shell.StartAsync(store))
        {
            await coordinator.ExecuteAsync(new CreateCollection("", "c", new CollectionSchema([Key, Vector("v")], description: "Größe \u2028 \ud83d\ude00")));
            await coordinator.ExecuteAsync(new CreateRole("r$"));
            before = Shell.Dump(coordinator.Catalog);
        }
        await using var reopened = new SqliteMetaStore(path);
        await using var successor = await Shell.StartAsync(reopened);
        Assert.Equal(before, Shell.Dump(successor.Catalog));
    }

    [Fact]
    public async Task A_disposed_coordinator_refuses()
    {
        var coordinator = await Shell.StartAsync(_store);
        await coordinator.DisposeAsync();
        await coordinator.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => coordinator.ExecuteAsync(new CreateCollection("", "c", Simple)));
        Assert.Throws<ObjectDisposedException>(() => coordinator.Oracle.Next());
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CoordinatorOptions { TimestampLeaseMs = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CoordinatorOptions { PasswordIterations = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CoordinatorOptions { QueryNodes = 0 });
    }

    private sealed class Recorder : ICatalogObserver
    {
        public List<CatalogChange> Changes { get; } = [];

        public bool Fails { get; init; }

        public async ValueTask OnCatalogChangedAsync(CatalogChange change)
        {
            await Task.Yield();
            if (Fails) throw new InvalidOperationException("an observer fails");
            Changes.Add(change);
        }
    }
}
