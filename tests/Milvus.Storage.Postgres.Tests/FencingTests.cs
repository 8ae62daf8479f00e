using System.Collections.Concurrent;
using System.Text;
using Milvus.Storage.Meta;
using Milvus.TestKit.Postgres;

namespace Milvus.Storage.Postgres.Tests;

/// <summary>Of two coordinators with connections of their own only one can write, whatever the order of what they send.</summary>
public sealed class FencingTests
{
    [PostgresFact]
    public async Task Two_writers_race_and_the_later_epoch_wins()
    {
        await using var sandbox = await MetaSandbox.CreateAsync();
        await using var first = await PostgresMetaStore.OpenAsync(sandbox.Options);
        await using var second = await PostgresMetaStore.OpenAsync(sandbox.Options);
        var highest = 0L;
        var wrong = new ConcurrentQueue<string>();
        var commits = 0;
        var fenced = 0;

        async Task CoordinateAsync(PostgresMetaStore store, int seed)
        {
            var random = new Random(seed);
            for (var round = 0; round < 25; round++)
            {
                var epoch = await store.AcquireEpochAsync();
                InterlockedMax(ref highest, epoch);
                for (var i = random.Next(6); i >= 0; i--)
                {
                    // Whoever has acquired before this commit was sent has fenced it.
                    var fencedBefore = Volatile.Read(ref highest) > epoch;
                    try
                    {
                        await store.CommitAsync([Put("owner", $"{epoch}"), Put($"log/{epoch:D6}/{i}", "")], epoch);
                        Interlocked.Increment(ref commits);
                        if (fencedBefore) wrong.Enqueue($"{epoch} committed behind {highest}");
                    }
                    catch (StaleEpochException e)
                    {
                        Assert.True(e.CurrentEpoch > epoch);
                        Interlocked.Increment(ref fenced);
                        break;
                    }
                }
            }
        }

        await Task.WhenAll(CoordinateAsync(first, 1), CoordinateAsync(second, 2));

        Assert.Empty(wrong);
        Assert.Equal(commits, (await first.LoadAsync("log/")).Count);
        Assert.True(commits > 0 && fenced > 0, $"{commits} commits, {fenced} fenced");
        var owner = Encoding.UTF8.GetString((await first.LoadAsync("owner"))[0].Value);
        Assert.Equal(int.Parse(owner), (await first.LoadAsync("log/")).Max(e => int.Parse(e.Key.Split('/')[1])));
    }

    [PostgresFact]
    public async Task A_commit_that_waits_while_another_takes_over_is_fenced()
    {
        await using var sandbox = await MetaSandbox.CreateAsync();
        await using var old = await PostgresMetaStore.OpenAsync(sandbox.Options);
        await using var successor = await PostgresMetaStore.OpenAsync(sandbox.Options);
        var epoch = await old.AcquireEpochAsync();
        await old.CommitAsync([Put("k", "before")], epoch);

        Task<long> acquire;
        Task commit;
        await using (await sandbox.BlockWritersAsync())
        {
            acquire = successor.AcquireEpochAsync();
            await sandbox.WaitForBlockedAsync(1);
            commit = old.CommitAsync([Put("k", "late")], epoch);
            await sandbox.WaitForBlockedAsync(2);
        }

        Assert.Equal(epoch + 1, await acquire);
        await Assert.ThrowsAsync<StaleEpochException>(() => commit);
        Assert.Equal("before", Encoding.UTF8.GetString((await successor.LoadAsync("k"))[0].Value));
    }

    [PostgresFact]
    public async Task Concurrent_commits_of_one_writer_all_count_and_readers_see_them_whole()
    {
        await using var sandbox = await MetaSandbox.CreateAsync();
        await using var store = await PostgresMetaStore.OpenAsync(sandbox.Options);
        await using var reader = await PostgresMetaStore.OpenAsync(sandbox.Options);
        var epoch = await store.AcquireEpochAsync();
        var torn = 0;
        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 24 }, async (i, token) =>
        {
            if (i % 4 == 3)
            {
                var pair = await reader.LoadAsync("pair/", token);
                if (pair.Count is not (0 or 2) || (pair.Count == 2 && !pair[0].Value.AsSpan().SequenceEqual(pair[1].Value)))
                    Interlocked.Increment(ref torn);
                return;
            }
            await store.CommitAsync([Put($"each/{i}", ""), Put("pair/a", $"{i}"), Put("pair/b", $"{i}")], epoch, token);
        });

        Assert.Equal(0, torn);
        Assert.Equal(150, (await reader.LoadAsync("each/")).Count);
    }

    private static MetaMutation Put(string key, string value) => MetaMutation.Put(key, Encoding.UTF8.GetBytes(value));

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen) return;
            seen = before;
        }
    }
}
