using System.Collections.Concurrent;
using Milvus.Embedded.Tests.Rig;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Strong reads beside concurrent writes, seals and compactions, judged by what was acknowledged before they began.</summary>
public class ConsistencyTests
{
    private const int Keys = 12;

    /// <summary>
    /// One writer counts every key up by upserts; readers note what was acknowledged before they ask. A read must show every key once, at or
    /// after that count, at most one ahead of what is under way, and never less than an earlier read.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_strong_read_sees_every_write_acknowledged_before_it_began(int shards)
    {
        await using var machine = new Machine(shards);
        await machine.StartAsync();
        await machine.CreateAsync("c", shards, index: "FLAT");
        await machine.InsertAsync("c", [.. Enumerable.Range(0, Keys).Select(k => ((long)k, 0L))]);
        var acknowledged = new long[Keys];
        var begun = new long[Keys];
        var stop = 0;

        var writers = Enumerable.Range(0, 3).Select(w => Task.Run(async () =>
        {
            var random = new Random(w);
            for (var i = 1; i <= 150; i++)
            {
                var mine = Enumerable.Range(0, Keys).Where(k => k % 3 == w && random.Next(2) == 0).Select(k => (long)k).ToArray();
                if (mine.Length == 0) continue;
                foreach (var k in mine) Interlocked.Increment(ref begun[k]);
                await machine.UpsertAsync("c", [.. mine.Select(k => (k, begun[k]))]);
                foreach (var k in mine) Interlocked.Exchange(ref acknowledged[k], begun[k]);
            }
        })).ToArray();
        var disturber = Task.Run(async () =>
        {
            while (Volatile.Read(ref stop) == 0)
            {
                await machine.FlushedAsync("c");
                await machine.CompactedAsync("c");
            }
        });
        var problems = new ConcurrentQueue<string>();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var last = new long[Keys];
            while (Volatile.Read(ref stop) == 0)
            {
                var before = acknowledged.Select((_, k) => Interlocked.Read(ref acknowledged[k])).ToArray();
                var all = await machine.AllAsync("c");
                for (var k = 0; k < Keys; k++)
                {
                    if (!all.TryGetValue(k, out var value)) problems.Enqueue($"key {k} is not there");
                    else if (value < before[k] || value < last[k] || value > Interlocked.Read(ref begun[k])) problems.Enqueue($"key {k} is {value}, acknowledged {before[k]}, read before {last[k]}");
                    else last[k] = value;
                }
            }
        })).ToArray();

        await Task.WhenAll(writers);
        Interlocked.Exchange(ref stop, 1);
        await Task.WhenAll([.. readers, disturber]);
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Inserts_and_deletes_are_seen_by_the_next_read()
    {
        await using var machine = new Machine(5);
        await machine.StartAsync();
        await machine.CreateAsync("c", shards: 2);
        var clients = Enumerable.Range(0, 4).Select(c => Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                var key = (c * 1000L) + i;
                await machine.InsertAsync("c", (key, i));
                Assert.Equal([key], (await machine.AllAsync("c", $"key == {key}")).Keys);
                if (i % 2 != 0) continue;
                await machine.DeleteAsync("c", key);
                Assert.Empty(await machine.AllAsync("c", $"key == {key}"));
            }
        })).ToArray();
        await Task.WhenAll(clients);
        Assert.Equal(4 * 30, (await machine.AllAsync("c")).Count);
    }
}
