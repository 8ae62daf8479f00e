using System.Runtime.InteropServices;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Who shares a pass with whom when all slots are taken.</summary>
public class ScanBatchesTests
{
    private static readonly FieldSchema s_field = new() { Id = 101, Name = "v", Type = DataType.FloatVector, TypeParams = [new("dim", "1")] };

    [Fact]
    public async Task Searches_that_wait_for_the_same_rows_share_one_pass_and_each_gets_its_part()
    {
        var held = new Held();
        await using (await held.OccupyAsync())
        {
            for (var i = 0; i < 10; i++) held.Start(Search(i, i + 0.5f));
            held.Start(Search(99) with { K = 7 });
        }
        await held.DoneAsync();
        Assert.Equal([1, 20], held.Passes.Order());
    }

    [Fact]
    public async Task No_more_than_so_many_vectors_are_compared_in_one_pass()
    {
        var held = new Held();
        await using (await held.OccupyAsync())
            for (var i = 0; i < 5; i++) held.Start(Search([.. Enumerable.Range(20 * i, 20).Select(n => (float)n)]));
        await held.DoneAsync();
        Assert.Equal([40, 60], held.Passes.Order());
    }

    [Fact]
    public async Task A_search_joins_nobody_that_reads_at_a_later_moment()
    {
        var held = new Held();
        await using (await held.OccupyAsync())
        {
            held.Start(Search(1), readAt: 5);
            held.Start(Search(2), readAt: 4);
            held.Start(Search(3), readAt: 6);
        }
        await held.DoneAsync();
        Assert.Equal([1, 2], held.Passes.Order());
    }

    [Fact]
    public async Task A_free_slot_is_taken_alone()
    {
        var held = new Held();
        held.Start(Search(1));
        held.Start(Search(2));
        await held.DoneAsync();
        Assert.Equal([1, 1], held.Passes);
    }

    [Fact]
    public async Task Whoever_gives_up_leaves_the_others_their_answers_and_a_failure_is_everybodys()
    {
        var held = new Held();
        using var gone = new CancellationTokenSource();
        Task<ShardHits> left;
        await using (await held.OccupyAsync())
        {
            left = held.FindAsync(Search(1), cancellation: gone.Token);
            held.Start(Search(2));
            await gone.CancelAsync();
        }
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await held.DoneAsync();

        Task<ShardHits>[] failing;
        await using (await held.OccupyAsync()) failing = [held.FindAsync(Search(-1)), held.FindAsync(Search(4))];
        foreach (var f in failing) await Assert.ThrowsAsync<InvalidOperationException>(() => f);
    }

    private static ShardSearch Search(params float[] queries) => new()
    {
        Field = s_field,
        Metric = MetricType.L2,
        K = 1,
        Queries = new QueryVectors(DataType.FloatVector, [.. queries.Select(q => (ReadOnlyMemory<byte>)BitConverter.GetBytes(q))]),
    };

    /// <summary>One slot, and a scan that finds for each vector its own value.</summary>
    private sealed class Held
    {
        private readonly ReadSlots _slots = new(1);
        private readonly ScanBatches _batches;
        private readonly List<(Task<ShardHits> Found, float[] Expected)> _searches = [];

        public Held() => _batches = new ScanBatches(_slots);

        /// <summary>The vectors of each pass.</summary>
        public List<int> Passes { get; } = [];

        /// <summary>Takes the slot until disposed of.</summary>
        public async Task<IAsyncDisposable> OccupyAsync()
        {
            var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var leave = new TaskCompletionSource();
            var inside = Task.Run(() => _slots.TryRun(0, (_, _) =>
            {
                entered.SetResult();
                leave.Task.Wait();
                return true;
            }, default, out _));
            await entered.Task;
            return new Occupied(leave, inside);
        }

        /// <summary>A search whose answer <see cref="DoneAsync"/> looks at.</summary>
        public void Start(ShardSearch search, ulong readAt = 5) => _searches.Add((FindAsync(search, readAt), Values(search)));

        public Task<ShardHits> FindAsync(ShardSearch search, ulong readAt = 5, CancellationToken cancellation = default) =>
            _batches.RunAsync(search, [], new Timestamp(readAt), Scan, cancellation).AsTask();

        public async Task DoneAsync()
        {
            foreach (var (found, expected) in _searches)
            {
                var hits = await found;
                Assert.Equal(expected, hits.Scores);
                Assert.Equal(expected.Length, hits.Counts.Length);
                Assert.Equal(expected.Select(e => (long)e), hits.Ids.Int64s.ToArray());
            }
        }

        private ShardHits Scan(ShardSearch search, CancellationToken cancellation)
        {
            var values = Values(search);
            if (values.Contains(-1)) throw new InvalidOperationException("broken");
            lock (Passes) Passes.Add(values.Length);
            return new ShardHits
            {
                Counts = [.. values.Select(_ => 1)],
                Scores = values,
                Rows = [.. values.Select(v => new RowReference(0, (int)v))],
                Timestamps = [.. values.Select(_ => Timestamp.Zero)],
                Ids = PrimaryKeys.Of(Array.ConvertAll(values, v => (long)v)),
            };
        }

        private static float[] Values(ShardSearch search) => [.. search.Queries.Rows.Select(r => MemoryMarshal.Read<float>(r.Span))];

        private sealed class Occupied(TaskCompletionSource leave, Task inside) : IAsyncDisposable
        {
            public async ValueTask DisposeAsync()
            {
                leave.SetResult();
                await inside;
            }
        }
    }
}
