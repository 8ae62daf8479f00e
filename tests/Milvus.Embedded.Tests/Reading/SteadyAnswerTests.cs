using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Sealing, index builds, compaction, release, load and restart never change the answer at a fixed timestamp.</summary>
public class SteadyAnswerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_answer_at_a_fixed_timestamp_stays(int seed)
    {
        var random = new Random(seed);
        await using var machine = new Machine(seed, Machine.Small with { TombstoneRetentionMs = 3_600_000 });
        await machine.StartAsync();
        await machine.CreateAsync("c", shards: 1 + seed);
        var answers = new List<(Timestamp At, SortedDictionary<long, long> Rows)>();
        async Task CheckAsync(string after)
        {
            foreach (var (at, rows) in answers) Assert.True(rows.SequenceEqual(await machine.AllAtAsync("c", at)), $"the answer at {at} changed by {after}");
        }
        for (var round = 0; round < 6; round++)
        {
            for (var i = 0; i < 8; i++)
            {
                var rows = Enumerable.Range(0, random.Next(1, 10)).Select(_ => (long)random.Next(120)).Distinct().Select(k => (k, (long)random.Next(10_000))).ToArray();
                if (random.Next(3) == 0) await machine.DeleteAsync("c", [.. rows.Select(r => r.k)]);
                else await machine.UpsertAsync("c", rows);
            }
            var at = machine.Proxy.Now();
            answers.Add((at, await machine.AllAtAsync("c", at)));
            await machine.FlushedAsync("c");
            await CheckAsync("sealing");
            await machine.IndexedAsync("c");
            await CheckAsync("an index");
            if (round % 2 == 1) await machine.CompactedAsync("c");
            await CheckAsync("compaction");
            await machine.ExecuteAsync(new ReleaseCollection("", "c"));
            await machine.ExecuteAsync(new LoadCollection("", "c"));
            await machine.LoadedAsync("c");
            await CheckAsync("release and load");
        }
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await CheckAsync("a restart");
    }

    [Fact]
    public async Task Exact_search_finds_the_same_before_and_after()
    {
        await using var machine = new Machine(9);
        await machine.StartAsync();
        await machine.CreateAsync("c", index: "FLAT");
        for (var i = 0; i < 10; i++) await machine.UpsertAsync("c", [.. Enumerable.Range(0, 20).Select(k => ((long)((i * 13) + k), (long)((i * 100) + k)))]);
        await machine.DeleteWhereAsync("c", "key % 5 == 0");
        var before = await machine.SearchAsync("c", 333, 20);
        Assert.Equal(20, before.Count);
        await machine.FlushedAsync("c");
        Assert.Equal(before, await machine.SearchAsync("c", 333, 20));
        await machine.CompactedAsync("c");
        Assert.Equal(before, await machine.SearchAsync("c", 333, 20));
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        Assert.Equal(before, await machine.SearchAsync("c", 333, 20));
    }

    [Theory]
    [InlineData("DISKANN")]
    [InlineData("AISAQ")]
    public async Task Disk_indexes_answer_as_before_after_a_restart(string index)
    {
        await using var machine = new Machine(19, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = 400 } });
        await machine.StartAsync();
        await machine.CreateAsync("c", index: index);
        for (var i = 0; i < 10; i++) await machine.UpsertAsync("c", [.. Enumerable.Range(0, 50).Select(k => ((long)((i * 50) + k), (long)((i * 50) + k)))]);
        var rows = await machine.SearchAsync("c", 333, 20);
        await machine.FlushedAsync("c");
        await machine.IndexedAsync("c");
        var before = await machine.SearchAsync("c", 333, 20);
        Assert.Equal(20, before.Count);
        Assert.InRange(before.Intersect(rows).Count(), 18, 20);
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        Assert.Equal(before, await machine.SearchAsync("c", 333, 20));
    }
}
