using System.Collections.Immutable;

namespace Milvus.Embedded.Tests.Crashes;

/// <summary>What a writer writes to: a collection in this process or behind a wire. A call that returns was acknowledged.</summary>
internal interface IWriteTarget
{
    bool IsDown { get; }

    Task InsertAsync((long Key, long Stamp)[] rows);

    Task UpsertAsync((long Key, long Stamp)[] rows);

    Task DeleteAsync(long[] keys);

    Task DeleteWhereAsync(string filter);
}

/// <summary>
/// One client with keys of its own: what was acknowledged to it, and the one write whose fate it does not know. Of every key it knows all rows,
/// oldest first: readers see the last, a delete by filter takes the key when any of them passes.
/// </summary>
internal sealed class Writer(IWriteTarget target, int number, Random random)
{
    private const int Keys = 40;

    private ImmutableSortedDictionary<long, ImmutableArray<long>> _acknowledged = ImmutableSortedDictionary<long, ImmutableArray<long>>.Empty;
    private ImmutableSortedDictionary<long, ImmutableArray<long>>? _inDoubt;
    private long _stamp;

    private long First => number * 1000;

    private string Filter => $"key >= {First} and key < {First + Keys}";

    public int Writes { get; private set; }

    /// <summary>Writes whose fate was not known and that were found whole, and those of which nothing was found.</summary>
    public int DoubtsKept { get; private set; }

    public int DoubtsLost { get; private set; }

    /// <summary>Why a machine that was not known to be down refused a write.</summary>
    public Exception? Refusal { get; private set; }

    public bool Owns(long key) => key >= First && key < First + Keys;

    /// <summary>Writes until the count is reached or the machine fails.</summary>
    public async Task RunAsync(int writes)
    {
        for (var i = 0; i < writes && !target.IsDown; i++)
        {
            var (write, after) = Choose();
            _inDoubt = after;
            try
            {
                await write();
            }
            catch (Exception e)
            {
                if (!target.IsDown) Refusal = e;
                return;
            }
            (_acknowledged, _inDoubt) = (after, null);
            Writes++;
        }
    }

    /// <summary>Compares with what the machine holds and takes over how the write in doubt ended.</summary>
    /// <param name="isAtomic">The write went to one shard: all of it is there or nothing.</param>
    public void Check(SortedDictionary<long, long> all, bool isAtomic, string where)
    {
        var result = ImmutableSortedDictionary.CreateBuilder<long, ImmutableArray<long>>();
        int asBefore = 0, asAfter = 0;
        var problems = new List<string>();
        for (var k = First; k < First + Keys; k++)
        {
            long? value = all.TryGetValue(k, out var v) ? v : null;
            var (before, after) = (Last(_acknowledged, k), Last(_inDoubt ?? _acknowledged, k));
            if (value != before && value != after) problems.Add($"key {k} is {value}, not {before} or {after}");
            if (before != after && value == before) asBefore++;
            if (before != after && value == after) asAfter++;
            var rows = value == before ? _acknowledged : _inDoubt!;
            if (value is not null && rows.TryGetValue(k, out var list)) result.Add(k, list);
        }
        Assert.True(problems.Count == 0, $"{where}: {string.Join("; ", problems)}");
        Assert.True(!isAtomic || asBefore == 0 || asAfter == 0, $"{where}: of the write in doubt {asAfter} keys are there and {asBefore} are not");
        if (asAfter > 0) DoubtsKept++;
        else if (asBefore > 0) DoubtsLost++;
        (_acknowledged, _inDoubt) = (result.ToImmutable(), null);
    }

    private (Func<Task> Write, ImmutableSortedDictionary<long, ImmutableArray<long>> After) Choose()
    {
        var keys = Enumerable.Range(0, random.Next(1, 9)).Select(_ => First + random.Next(Keys)).Distinct().ToArray();
        var rows = keys.Select(k => (Key: k, Stamp: ++_stamp)).ToArray();
        switch (random.Next(8))
        {
            case 0:
                return (() => target.DeleteAsync(keys), _acknowledged.RemoveRange(keys));
            case 1:
                var third = random.Next(3);
                return (() => target.DeleteWhereAsync($"{Filter} and stamp % 3 == {third}"), _acknowledged.RemoveRange(_acknowledged.Where(r => r.Value.Any(s => s % 3 == third)).Select(r => r.Key)));
            case 2 or 3 or 4:
                return (() => target.UpsertAsync(rows), _acknowledged.SetItems(rows.Select(r => KeyValuePair.Create(r.Key, ImmutableArray.Create(r.Stamp)))));
            default:
                return (() => target.InsertAsync(rows), _acknowledged.SetItems(rows.Select(r => KeyValuePair.Create(r.Key, _acknowledged.GetValueOrDefault(r.Key, []).Add(r.Stamp)))));
        }
    }

    private static long? Last(ImmutableSortedDictionary<long, ImmutableArray<long>> rows, long key) => rows.TryGetValue(key, out var list) ? list[^1] : null;
}
