using Milvus.Actors.Streaming;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Tests.Streaming;

public sealed class JournalFailureTests
{
    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(3, 2, 1)]
    public async Task A_failed_write_is_never_acknowledged_and_happens_once_when_repeated(int before, int after, int reject)
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.WriteAsync(rig.Insert((1, 10)));
        rig.Journal.FailBefore = before;
        rig.Journal.FailAfter = after;
        rig.Journal.Reject = reject;
        var request = Guid.NewGuid();
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.TryWriteAsync(rig.Insert((2, 20)), request));
        var at = await rig.WriteAsync(rig.Insert((2, 20)), request);
        Assert.Equal(at, await rig.WriteAsync(rig.Insert((2, 20)), request));
        Assert.Equal([(1, 10), (2, 20)], await rig.ReadAsync());
    }

    [Fact]
    public async Task A_write_in_doubt_is_all_there_or_not_at_all()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        rig.Journal.FailAfter = 1;
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.TryWriteAsync(rig.Insert((1, 10), (2, 20))));
        Assert.Equal([(1, 10), (2, 20)], await rig.ReadAsync());
        rig.Journal.FailBefore = 1;
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.TryWriteAsync(rig.Insert((3, 30), (4, 40))));
        Assert.Equal([(1, 10), (2, 20)], await rig.ReadAsync());
    }

    [Fact]
    public async Task While_the_journal_is_away_what_was_acknowledged_can_be_read()
    {
        var impatient = new StreamingOptions { MinRestartMs = 1, MaxRestartMs = 20, TickMs = 20, ReloadMs = 100, LoadRetryMs = 100, RestAfterMs = 0 };
        await using var rig = await StreamingRig.StartAsync(streaming: impatient, load: true);
        await rig.WriteAsync(rig.Insert((1, 10), (2, 20)));
        await rig.FlushAsync();
        await rig.WriteAsync(rig.Upsert((2, 21), (3, 30)));
        rig.Journal.IsAway = true;
        var request = Guid.NewGuid();
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.TryWriteAsync(rig.Upsert((1, 11)), request));
        for (var i = 0; i < 20; i++) Assert.Equal([(1, 10), (2, 21), (3, 30)], await rig.ReadAsync());

        // It comes back, and the write that was in doubt is repeated as proxies do.
        rig.Journal.IsAway = false;
        await rig.WriteAsync(rig.Upsert((1, 11)), request);
        Assert.Equal([(1, 11), (2, 21), (3, 30)], await rig.ReadAsync());
    }

    [Fact]
    public async Task An_owner_that_was_replaced_is_not_read()
    {
        var impatient = new StreamingOptions { MinRestartMs = 1, MaxRestartMs = 20, TickMs = 20, ReloadMs = 100, LoadRetryMs = 100, RestAfterMs = 0 };
        await using var rig = await StreamingRig.StartAsync(streaming: impatient, load: true);
        await rig.WriteAsync(rig.Insert((1, 10)));
        var other = rig.StartOwner(streaming: impatient);
        await rig.WriteAsync(rig.Insert((2, 20)), owner: other);
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.TryWriteAsync(rig.Insert((3, 30))));
        Assert.Equal([(1, 10), (2, 20)], await rig.ReadAsync());
    }

    [Fact]
    public async Task Of_two_owners_only_one_can_append()
    {
        // Both seal what they recovered; only that events stay for a while makes the journal refuse the one that is behind.
        var patient = new StreamingOptions { MinRestartMs = 1, MaxRestartMs = 20, TickMs = 20, ReloadMs = 100, LoadRetryMs = 100 };
        await using var rig = await StreamingRig.StartAsync(streaming: patient, load: true);
        await rig.WriteAsync(rig.Insert((1, 10)));
        var other = rig.StartOwner(streaming: patient);
        Assert.Equal([(1, 10)], await rig.ReadAsync(other));
        await rig.WriteAsync(rig.Insert((2, 20)), owner: other);

        // The first does not know of that: its write must fail, and its successor must have both.
        var request = Guid.NewGuid();
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.TryWriteAsync(rig.Insert((3, 30)), request));
        await rig.WriteAsync(rig.Insert((3, 30)), request);
        Assert.Equal([(1, 10), (2, 20), (3, 30)], await rig.ReadAsync());
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.TryWriteAsync(rig.Insert((4, 40)), owner: other));
        Assert.Equal([(1, 10), (2, 20), (3, 30)], await rig.ReadAsync(other));
    }

    [Fact]
    public async Task An_owner_that_slept_until_its_successor_had_trimmed_the_journal_acknowledges_nothing_that_is_lost()
    {
        var clock = new Rig.ManualTime();
        await using var rig = await StreamingRig.StartAsync(load: true, clock: clock);
        await rig.WriteAsync(rig.Insert((1, 10)));
        var other = rig.StartOwner();
        for (var i = 0; i < 20; i++) await rig.WriteAsync(rig.Insert((100 + i, i)), owner: other);
        await rig.AskAsync<Messages.IControlMessage>(new Messages.FlushChannel(rig.Shard.CollectionId, 0), other);
        // The numbers that the first owner would write next are free.
        await StreamingRig.EventuallyAsync(() => Task.FromResult(!rig.Journal.Stored.Any(s => s.Nr > 1)));

        clock.Advance(TimeSpan.FromMinutes(5));
        await rig.WriteAsync(rig.Insert((2, 20)));
        Assert.Equal(22, (await rig.ReadAsync()).Count);
        await rig.StopChannelAsync();
        Assert.Equal(22, (await rig.ReadAsync()).Count);
    }

    [Fact]
    public void A_sleep_is_noticed_once_by_whoever_looks_first()
    {
        var clock = new Rig.ManualTime();
        using var wakefulness = new Milvus.Actors.Streaming.Channels.Wakefulness(clock, TimeSpan.FromMinutes(1));
        for (var i = 0; i < 100; i++)
        {
            // The timer looks every few seconds.
            clock.Advance(TimeSpan.FromSeconds(8));
            Assert.Equal(0, wakefulness.Look());
        }
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(1, wakefulness.Look());
        Assert.Equal(1, wakefulness.Look());
        using var off = new Milvus.Actors.Streaming.Channels.Wakefulness(clock, TimeSpan.Zero);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, off.Look());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_writes_failures_and_kills_lose_nothing_and_repeat_nothing(int seed)
    {
        var random = new Random(seed);
        await using var rig = await StreamingRig.StartAsync(load: true);
        var model = new SortedDictionary<long, long>();
        for (var step = 0; step < 60; step++)
        {
            switch (random.Next(10))
            {
                case 0:
                    rig.Journal.FailBefore = 1;
                    break;
                case 1:
                    rig.Journal.FailAfter = 1;
                    break;
                case 2:
                    await rig.StopChannelAsync(gracefully: random.Next(2) == 0);
                    break;
                case 3 when random.Next(2) == 0:
                    await rig.FlushAsync();
                    break;
                case 4:
                    var gone = Enumerable.Range(0, 3).Select(_ => random.NextInt64(40)).Distinct().ToArray();
                    await rig.WriteAsync(StreamingRig.Delete(gone));
                    foreach (var key in gone) model.Remove(key);
                    break;
                default:
                    var rows = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.NextInt64(40)).Distinct().Select(k => (k, (long)step)).ToArray();
                    await rig.WriteAsync(rig.Upsert(rows));
                    foreach (var (key, stamp) in rows) model[key] = stamp;
                    break;
            }
            if (random.Next(4) == 0) Assert.Equal(model.Select(m => (m.Key, m.Value)), await rig.ReadAsync());
        }
        Assert.Equal(model.Select(m => (m.Key, m.Value)), await rig.ReadAsync());
    }
}
