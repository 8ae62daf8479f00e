using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Milvus.Actors.Tests.Processes;

/// <summary>
/// Inserts and searches without pause, and keeps account: which keys were acknowledged, which are in doubt, how long nothing was acknowledged or answered.
/// An insert that failed is never repeated, so a key that is there twice was applied twice by the server.
/// </summary>
public sealed class Workload : IAsyncDisposable
{
    public const int Dimension = 16;
    private const int BatchRows = 20;

    private readonly ClusterClient _client;
    private readonly string _collection;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _workers = [];
    private readonly ConcurrentQueue<(long First, int Count)> _acknowledged = new();
    private readonly ConcurrentQueue<(long First, int Count)> _inDoubt = new();
    private readonly ConcurrentQueue<string> _problems = new();
    private long _nextKey;
    private long _lastInsert = Stopwatch.GetTimestamp();
    private long _lastSearch = Stopwatch.GetTimestamp();
    private long _insertGap;
    private long _searchGap;
    private long _searches;
    private long _failedSearches;

    public Workload(ClusterClient client, string collection, int inserters, int searchers, long firstKey = 0)
    {
        _nextKey = firstKey;
        _client = client;
        _collection = collection;
        for (var i = 0; i < inserters; i++) _workers.Add(Task.Run(InsertAsync));
        for (var i = 0; i < searchers; i++) _workers.Add(Task.Run(SearchAsync));
    }

    public long Acknowledged => _acknowledged.Sum(a => (long)a.Count);

    public long InDoubt => _inDoubt.Sum(a => (long)a.Count);

    public long Searches => Interlocked.Read(ref _searches);

    public long FailedSearches => Interlocked.Read(ref _failedSearches);

    /// <summary>What went wrong, in order; for messages of tests.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>The longest time without an acknowledged insert since the last call.</summary>
    public TimeSpan TakeInsertGap() => Take(ref _insertGap, ref _lastInsert);

    /// <summary>The longest time without an answered search since the last call.</summary>
    public TimeSpan TakeSearchGap() => Take(ref _searchGap, ref _lastSearch);

    /// <summary>Waits until so many more rows are acknowledged.</summary>
    public async Task ProgressAsync(int rows, TimeSpan limit)
    {
        var goal = Acknowledged + rows;
        var watch = Stopwatch.StartNew();
        while (Acknowledged < goal)
        {
            if (watch.Elapsed > limit) throw new TimeoutException($"no {rows} rows within {limit}: {string.Join("; ", _problems.TakeLast(5))}");
            await Task.Delay(20);
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
    }

    /// <summary>Every acknowledged key is there once, every doubtful batch wholly or not at all in its shards, no key twice.</summary>
    /// <param name="through">Another client than the one that wrote.</param>
    public async Task VerifyAsync(ClusterClient? through = null)
    {
        var client = through ?? _client;
        foreach (var chunk in _acknowledged.OrderBy(a => a.First).Chunk(50))
        {
            var keys = chunk.SelectMany(c => Enumerable.Range(0, c.Count).Select(i => c.First + i)).ToArray();
            var count = await CountAsync(client, $"id in [{string.Join(',', keys)}]");
            Assert.True(count == keys.Length, $"{keys.Length} rows from key {keys[0]} on were acknowledged, {count} are there");
        }
        foreach (var (first, rows) in _inDoubt)
        {
            var count = await CountAsync(client, $"id >= {first} and id < {first + rows}");
            Assert.True(count <= rows, $"{rows} rows from key {first} on were in doubt, {count} are there");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task<long> CountAsync(ClusterClient client, string filter)
    {
        var answer = await client.CallAsync("entities/query", new { collectionName = _collection, filter, outputFields = new[] { "count(*)" }, consistencyLevel = "Strong" });
        return long.Parse(answer![0]!["count(*)"]!.ToString(), CultureInfo.InvariantCulture);
    }

    private async Task InsertAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var first = Interlocked.Add(ref _nextKey, BatchRows) - BatchRows;
            var rows = Enumerable.Range(0, BatchRows).Select(i => new { id = first + i, vector = Vector(first + i) }).ToArray();
            try
            {
                await _client.CallOnceAsync("entities/insert", new { collectionName = _collection, data = rows });
                _acknowledged.Enqueue((first, BatchRows));
                Note(ref _insertGap, ref _lastInsert);
            }
            catch (Exception e) when (e is InvalidOperationException or HttpRequestException)
            {
                _inDoubt.Enqueue((first, BatchRows));
                _problems.Enqueue("insert: " + e.Message);
                await Task.Delay(50);
            }
        }
    }

    private async Task SearchAsync()
    {
        var random = new Random(Environment.CurrentManagedThreadId);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                // Reading again is harmless, so the client does it by itself when a connection breaks.
                await _client.ReadAsync("entities/search", new { collectionName = _collection, data = new[] { Vector(random.Next()) }, annsField = "vector", limit = 5 });
                Interlocked.Increment(ref _searches);
                Note(ref _searchGap, ref _lastSearch);
            }
            catch (Exception e) when (e is InvalidOperationException or HttpRequestException)
            {
                Interlocked.Increment(ref _failedSearches);
                _problems.Enqueue("search: " + e.Message);
                await Task.Delay(50);
            }
        }
    }

    private static float[] Vector(long key)
    {
        var random = new Random((int)(key & 0x7fffffff));
        return [.. Enumerable.Range(0, Dimension).Select(_ => random.NextSingle())];
    }

    private static void Note(ref long gap, ref long last)
    {
        var now = Stopwatch.GetTimestamp();
        var pause = now - Interlocked.Exchange(ref last, now);
        while (true)
        {
            var known = Interlocked.Read(ref gap);
            if (pause <= known || Interlocked.CompareExchange(ref gap, pause, known) == known) return;
        }
    }

    private static TimeSpan Take(ref long gap, ref long last)
    {
        Note(ref gap, ref last);
        return Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref gap, 0));
    }
}
