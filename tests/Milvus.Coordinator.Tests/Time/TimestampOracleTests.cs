using Milvus.Coordinator.Tests.Service;
using Milvus.Coordinator.Time;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.TestKit.Meta;

namespace Milvus.Coordinator.Tests.Time;

public class TimestampOracleTests
{
    private readonly InMemoryMetaStore _store = new();
    private readonly ManualTime _time = new();

    private async Task<TimestampOracle> StartAsync(int leaseMs = 3000) => await TimestampOracle.StartAsync(_store, await _store.AcquireEpochAsync(), _time, leaseMs);

    [Fact]
    public async Task Timestamps_follow_the_clock_and_rise_strictly()
    {
        await using var oracle = await StartAsync();
        _time.UnixMs += 1;
        var first = oracle.Next();
        Assert.Equal(Timestamp.FromMs(_time.UnixMs), first);
        Assert.Equal(first.Value + 1, oracle.Next().Value);
        Assert.Equal(first.Value + 1, oracle.Current.Value);
        _time.UnixMs += 10;
        Assert.Equal(Timestamp.FromMs(_time.UnixMs), oracle.Next());
        _time.UnixMs -= 100_000;
        var ahead = oracle.Current;
        Assert.Equal(ahead.Value + 1, oracle.Next().Value);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Nothing_is_given_out_twice_across_restarts_and_clock_jumps(int seed)
    {
        var random = new Random(seed);
        var (lastTimestamp, lastId) = (Timestamp.Zero, 0L);
        for (var life = 0; life < 40; life++)
        {
            // Killed, not disposed.
            var oracle = await StartAsync(random.Next(1, 50));
            for (var i = random.Next(200); i >= 0; i--)
            {
                _time.UnixMs += random.Next(-60, 60);
                if (random.Next(10) == 0) _time.FireTimers();
                var t = oracle.Next();
                Assert.True(t > lastTimestamp, $"seed {seed}, life {life}: {t} after {lastTimestamp}");
                lastTimestamp = t;
                var count = random.Next(4) == 0 ? random.Next(1, 500_000) : 1;
                var id = oracle.NextIds(count);
                Assert.True(id > lastId, $"seed {seed}, life {life}: id {id} after {lastId}");
                lastId = id + count - 1;
            }
            _time.UnixMs += random.Next(-5000, 3000);
        }
    }

    [Fact]
    public async Task Many_threads_get_distinct_values()
    {
        await using var oracle = await StartAsync(leaseMs: 1);
        var taken = new ulong[8][];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            var mine = taken[t] = new ulong[20_000];
            for (var i = 0; i < mine.Length; i++) mine[i] = oracle.Next().Value;
        })));
        foreach (var mine in taken) Assert.Equal(mine.Order(), mine);
        Assert.Equal(160_000, taken.SelectMany(t => t).Distinct().Count());
    }

    [Fact]
    public async Task The_bound_moves_in_the_background_and_not_when_idle()
    {
        await using var oracle = await StartAsync(leaseMs: 1000);
        var commits = _store.CommitCount;
        oracle.Next();
        Assert.Equal((0, commits), (_time.FireTimers(), _store.CommitCount));
        _time.UnixMs += 600;
        oracle.Next();
        Assert.Equal(commits, _store.CommitCount);
        Assert.Equal((1, commits + 1), (_time.FireTimers(), _store.CommitCount));
        _time.UnixMs += 600;
        oracle.Next();
        Assert.Equal(commits + 1, _store.CommitCount);
        _time.UnixMs += 5000;
        oracle.Next();
        Assert.Equal(commits + 2, _store.CommitCount);
    }

    [Fact]
    public async Task A_superseded_oracle_stops_at_its_bound()
    {
        await using var old = await StartAsync(leaseMs: 100);
        await using var successor = await StartAsync(leaseMs: 100);
        Timestamp last = old.Next();
        Assert.True(successor.Next() > last);
        _time.UnixMs += 50;
        last = old.Next();
        _time.UnixMs += 51;
        Assert.Throws<StaleEpochException>(() => old.Next());
        Assert.True(successor.Next() > last);
        Assert.Throws<MilvusException>(() => old.Next());
    }

    [Fact]
    public async Task A_failing_store_fails_the_caller_only_when_the_room_is_used_up()
    {
        await using var oracle = await StartAsync(leaseMs: 100);
        _time.UnixMs += 60;
        oracle.Next();
        _store.FailNextCommit(new IOException("broken"));
        _time.FireTimers();
        oracle.Next();
        _time.UnixMs += 60;
        _store.FailNextCommit(new IOException("broken"));
        Assert.Equal(ErrorCode.IoFailed, Assert.Throws<MilvusException>(() => oracle.Next()).Code);
        oracle.Next();
    }

    [Fact]
    public async Task A_damaged_bound_stops_the_start()
    {
        await _store.CommitAsync([MetaMutation.Put("oracle/bound", new byte[] { 9, 0 })], await _store.AcquireEpochAsync());
        Assert.Equal("oracle/bound", (await Assert.ThrowsAsync<IntegrityException>(() => StartAsync())).DamagedSource);
    }

    [Fact]
    public async Task Ids_come_in_runs()
    {
        await using var oracle = await StartAsync();
        var first = oracle.NextIds(10);
        Assert.True(first > 0);
        Assert.Equal(first + 10, oracle.NextIds());
        Assert.Throws<ArgumentOutOfRangeException>(() => oracle.NextIds(0));
    }
}
