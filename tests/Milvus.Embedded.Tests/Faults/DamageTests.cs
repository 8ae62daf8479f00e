using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Faults;

/// <summary>Damage is named, stays with the collection that has it, and everything else goes on.</summary>
public sealed class DamageTests : IAsyncLifetime
{
    private readonly Machine _machine = new(seed: 1);

    public async Task InitializeAsync()
    {
        await _machine.StartAsync();
        await _machine.CreateAsync("healthy");
        await _machine.InsertAsync("healthy", (1, 1));
        await _machine.CreateAsync("c");
        await _machine.InsertAsync("c", [.. Enumerable.Range(0, 50).Select(i => ((long)i, (long)i))]);
        await _machine.FlushedAsync("c");
        await _machine.IndexedAsync("c");
        await _machine.StopAsync();
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Theory]
    [InlineData("flipped")]
    [InlineData("truncated")]
    [InlineData("missing")]
    public async Task A_damaged_column_file_fails_the_load_by_name_and_nothing_else(string damage)
    {
        var key = await KeyAsync(".col");
        var whole = _machine.Objects.Get(key);
        await DamageAsync(key, damage);
        await _machine.StartAsync();
        var e = await Assert.ThrowsAsync<MilvusException>(() => _machine.LoadedAsync("c").AsTask());
        Assert.Contains(key, e.Message, StringComparison.Ordinal);
        var progress = await _machine.ProgressAsync("c");
        Assert.Equal(LoadPhase.Failed, progress.Phase);
        Assert.Contains(key, progress.Failure!.Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<MilvusException>(() => _machine.AllAsync("c"));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
        Assert.Single(await _machine.AllAsync("healthy"));
        await _machine.InsertAsync("healthy", (2, 2));
        await _machine.InsertAsync("c", (100, 100));

        // Repaired, say from a backup, it loads with everything that was written meanwhile.
        _machine.Objects.Set(key, whole);
        await _machine.ExecuteAsync(new ReleaseCollection("", "c"));
        await _machine.ExecuteAsync(new LoadCollection("", "c"));
        await _machine.LoadedAsync("c");
        Assert.Equal(51, (await _machine.AllAsync("c")).Count);
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("truncated")]
    [InlineData("missing")]
    public async Task A_damaged_index_is_built_again_while_its_rows_are_served(string damage)
    {
        var key = await KeyAsync(".idx");
        var whole = _machine.Objects.Get(key);
        await DamageAsync(key, damage);
        await _machine.StartAsync();
        await _machine.LoadedAsync("c");
        Assert.Equal(50, (await _machine.AllAsync("c")).Count);
        Assert.Equal(7, (await _machine.SearchAsync("c", 7, 1)).Single().Key);
        await _machine.IndexedAsync("c");
        Assert.Equal(whole.Length, _machine.Objects.Get(key).Length);
        await _machine.RestartAsync();
        await _machine.LoadedAsync("c");
        Assert.Equal(50, (await _machine.AllAsync("c")).Count);
    }

    [Fact]
    public async Task A_damaged_log_stops_its_collection_only()
    {
        await _machine.StartAsync();
        await _machine.LoadedAsync("healthy");
        for (var i = 0; i < 5; i++) await _machine.InsertAsync("healthy", (10 + i, i));
        var channel = new ShardId(_machine.Collection("healthy").Id, 0).ToString();
        await _machine.StopAsync();
        var path = _machine.Disk.Paths.First(p => p.Contains(channel, StringComparison.Ordinal));
        var bytes = _machine.Disk.Get(path);
        bytes[bytes.Length / 3] ^= 1;
        _machine.Disk.Set(path, bytes);
        await _machine.StartAsync();
        await _machine.LoadedAsync("c");
        Assert.Equal(50, (await _machine.AllAsync("c")).Count);
        Assert.Equal(LoadPhase.Failed, (await _machine.ProgressAsync("healthy")).Phase);
        Assert.Contains(path, (await _machine.ProgressAsync("healthy")).Failure!.Message, StringComparison.Ordinal);
        var e = await Assert.ThrowsAsync<MilvusException>(() => _machine.InsertAsync("healthy", (3, 3)));
        Assert.Equal(ErrorCode.ChannelNotAvailable, e.Code);
        await _machine.InsertAsync("c", (60, 60));
    }

    [Fact]
    public async Task A_full_log_refuses_writes_and_takes_them_again_when_there_is_space()
    {
        await _machine.StartAsync();
        await _machine.LoadedAsync("c");
        _machine.Disk.FreeBytes = 10;
        var e = await Assert.ThrowsAsync<MilvusException>(() => _machine.InsertAsync("c", (100, 100)));
        Assert.True(e.Code is ErrorCode.DiskLimitExceeded or ErrorCode.IoFailed, e.Message);
        Assert.Equal(50, (await _machine.AllAsync("c")).Count);
        _machine.Disk.FreeBytes = long.MaxValue;
        await _machine.InsertAsync("c", (101, 101));
        Assert.Equal(51, (await _machine.AllAsync("c")).Count);
        await _machine.RestartAsync();
        await _machine.LoadedAsync("c");
        Assert.Equal(51, (await _machine.AllAsync("c")).Count);
    }

    [Fact]
    public async Task A_failed_sync_leaves_its_writes_in_doubt_and_the_channel_goes_on()
    {
        await _machine.StartAsync();
        await _machine.LoadedAsync("c");
        _machine.Disk.FailSyncs(1);
        var e = await Assert.ThrowsAsync<MilvusException>(() => _machine.InsertAsync("c", (100, 100)));
        Assert.Equal(ErrorCode.Timeout, e.Code);
        await _machine.InsertAsync("c", (101, 101));
        var all = await _machine.AllAsync("c");
        Assert.Contains(101, all.Keys);
        await _machine.RestartAsync();
        await _machine.LoadedAsync("c");
        Assert.Equal(all, await _machine.AllAsync("c"));
    }

    [Fact]
    public async Task Sealing_waits_for_space_and_then_succeeds()
    {
        await _machine.StartAsync();
        await _machine.LoadedAsync("c");
        _machine.Faults.FreeBytes = 100;
        await _machine.InsertAsync("c", (100, 100));
        var flush = await _machine.FlushAsync("c");
        var calls = _machine.Faults.Calls;
        await Eventually.TrueAsync(() => _machine.Faults.Calls > calls + 3, "attempts to seal");
        Assert.False(await _machine.IsFlushedAsync("c", flush.Timestamp));
        Assert.Equal(51, (await _machine.AllAsync("c")).Count);
        await _machine.InsertAsync("c", (101, 101));
        _machine.Faults.Heal();
        await Eventually.TrueAsync(() => _machine.IsFlushedAsync("c", flush.Timestamp), "the flush");
        Assert.Equal(52, (await _machine.AllAsync("c")).Count);
    }

    [Fact]
    public async Task A_meta_store_that_fails_a_seal_s_commit_is_asked_again()
    {
        await _machine.StartAsync();
        await _machine.LoadedAsync("c");
        await _machine.InsertAsync("c", (100, 100));
        _machine.Meta.FailNextCommit(new IOException("injected"));
        await _machine.FlushedAsync("c");
        Assert.Equal(51, (await _machine.AllAsync("c")).Count);
        await _machine.RestartAsync();
        await _machine.LoadedAsync("c");
        Assert.Equal(51, (await _machine.AllAsync("c")).Count);
    }

    private async Task<string> KeyAsync(string ending)
    {
        await foreach (var o in _machine.Objects.ListAsync("segments/"))
            if (o.Key.EndsWith(ending, StringComparison.Ordinal)) return o.Key;
        throw new InvalidOperationException($"no object ends with {ending}");
    }

    private async Task DamageAsync(string key, string damage)
    {
        var bytes = _machine.Objects.Get(key);
        switch (damage)
        {
            case "flipped": bytes[bytes.Length / 2] ^= 4; break;
            case "truncated": bytes = bytes[..(bytes.Length - 9)]; break;
            default: await _machine.Objects.DeleteAsync(key); return;
        }
        _machine.Objects.Set(key, bytes);
    }
}
