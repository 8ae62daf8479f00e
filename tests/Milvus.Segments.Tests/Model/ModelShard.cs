using Milvus.Expressions;
using Milvus.Model;
using Milvus.TestKit.Objects;

namespace Milvus.Segments.Tests.Model;

/// <summary>
/// One shard as its owner would run it, beside the simplest model of it: a list of rows with insert and delete times. Single-threaded.
/// </summary>
internal sealed class ModelShard(DataType keyType, Random random)
{
    private readonly CollectionSchema _schema = StampedRows.Schema(keyType);
    private readonly List<ModelRow> _model = [];
    private readonly List<(long Key, Timestamp At)> _deletes = [];
    private readonly List<GrowingSegment> _growing = [];
    private readonly List<SealedSegment> _sealed = [];
    private readonly SegmentScratch _scratch = new();
    private long _nextSegment = 1;
    private long _nextStamp = 1;
    private ulong _clock = 1000;
    private Timestamp _horizon = Timestamp.Zero;

    private sealed class ModelRow(long key, long stamp, Timestamp insertedAt)
    {
        public readonly long Key = key;
        public readonly long Stamp = stamp;
        public readonly Timestamp InsertedAt = insertedAt;

        public Timestamp DeletedAt { get; set; } = Timestamp.Max;

        public bool IsVisibleAt(Timestamp at) => InsertedAt <= at && DeletedAt > at;
    }

    public InMemoryObjectStore Store { get; } = new();

    public IEnumerable<Segment> Segments => [.. _growing, .. _sealed];

    public int SealedCount => _sealed.Count;

    public void Insert(int rows, int keySpace) => Write([], [.. Enumerable.Range(0, rows).Select(_ => (long)random.Next(keySpace))]);

    public void Delete(int keys, int keySpace) => Write([.. Enumerable.Range(0, keys).Select(_ => (long)random.Next(keySpace))], []);

    public void Upsert(int rows, int keySpace)
    {
        long[] keys = [.. Enumerable.Range(0, rows).Select(_ => (long)random.Next(keySpace)).Distinct()];
        Write(keys, keys);
    }

    public void Roll() => _growing.Add(new GrowingSegment(_nextSegment++, 7, _schema));

    public async Task SealAsync()
    {
        if (_growing.Count == 0) return;
        var source = _growing[random.Next(_growing.Count)];
        var horizon = PickHorizon();
        var manifest = await SegmentWriter.SealAsync(source, Place(), horizon, Store);
        _growing.Remove(source);
        await AddAsync(manifest);
    }

    public async Task CompactAsync()
    {
        var sources = _sealed.OrderBy(_ => random.Next()).Take(random.Next(1, 4)).ToList();
        if (sources.Count == 0) return;
        var horizon = PickHorizon();
        SegmentManifest manifest;
        if (random.Next(2) == 0)
        {
            manifest = await Compactor.MergeAsync(sources, _schema, Place(), horizon, Store);
        }
        else
        {
            var tombstones = new TombstoneBatch(StampedRows.Keys(keyType, _deletes.Select(d => d.Key)), [.. _deletes.Select(d => d.At)]);
            manifest = await Compactor.MergeAsync([.. sources.Select(s => s.Manifest)], _schema, [tombstones], Place(), horizon, Store);
        }
        Assert.Equal(sources.Select(s => s.SegmentId), manifest.CompactedFrom);
        _sealed.RemoveAll(sources.Contains);
        await AddAsync(manifest);
    }

    /// <summary>The answers at some moment that may still be read equal the model's.</summary>
    public void Check()
    {
        var at = new Timestamp(_horizon.Value + (ulong)random.NextInt64((long)(_clock - _horizon.Value) + 2));
        var expireBefore = random.Next(4) == 0 ? new Timestamp((ulong)random.NextInt64((long)_clock + 2)) : Timestamp.Zero;
        var point = new ReadPoint(at, expireBefore);
        var expected = _model.Where(r => r.IsVisibleAt(at) && r.InsertedAt >= expireBefore).Select(r => (r.Key, r.Stamp)).Order().ToList();

        var actual = new List<(long, long)>();
        long counted = 0;
        foreach (var segment in Segments)
        {
            var rows = SegmentQuery.Execute(segment, null, point, _scratch);
            StampedRows.AssertWhole(segment, rows);
            actual.AddRange(Identify(segment, rows, at));
            counted += SegmentQuery.Count(segment, null, point, _scratch);
            CheckOrdered(segment, rows, point);
            CheckLookup(segment, rows, point);
        }
        actual.Sort();
        Assert.Equal(expected, actual);
        Assert.Equal(expected.Count, counted);
    }

    private IEnumerable<(long Key, long Stamp)> Identify(Segment segment, int[] rows, Timestamp at)
    {
        var stamps = ((FixedColumn<long>)segment.Fetch(StampedRows.Stamp, rows)).Values.ToArray();
        var byStamp = stamps.ToDictionary(s => s, s => _model[(int)s - 1]);
        StampedRows.AssertSame(StampedRows.Keys(keyType, stamps.Select(s => byStamp[s].Key)).Column, segment.PrimaryKeysOf(rows).Column, "key");
        for (var i = 0; i < rows.Length; i++) Assert.Equal(byStamp[stamps[i]].InsertedAt, segment.TimestampOf(rows[i]));
        return stamps.Select(s => (byStamp[s].Key, s));
    }

    private void CheckOrdered(Segment segment, int[] rows, ReadPoint point)
    {
        var limit = random.Next(rows.Length + 2);
        var ordered = SegmentQuery.ExecuteOrdered(segment, null, point, limit, _scratch);
        var expected = rows.Select(r => (Row: r, Key: SortKey(segment, r)))
            .OrderBy(x => x.Key, StringComparer.Ordinal).ThenBy(x => x.Row).Take(limit).Select(x => x.Row);
        Assert.Equal(expected, ordered);
    }

    private void CheckLookup(Segment segment, int[] rows, ReadPoint point)
    {
        // Few keys are looked up in every size of segment; many are evaluated as a filter.
        long[] keys = [.. Enumerable.Range(0, random.Next(1, 100)).Select(_ => (long)random.Next(250)).Distinct()];
        var list = string.Join(", ", keys.Select(k => keyType == DataType.Int64 ? $"{k}" : $"'{StampedRows.TextKey(k)}'"));
        var wanted = keys.Select(k => SortKey(StampedRows.Keys(keyType, [k]))).ToHashSet();
        foreach (var (text, passes) in new (string, Func<int, bool>)[] { ($"key in [{list}]", _ => true), ($"key in [{list}] and flag == true", r => ((FixedColumn<bool>)segment.Fetch(StampedRows.Flag, [r])).Values[0]) })
        {
            var filter = Filter.Compile(text, _schema);
            int[] expected = [.. rows.Where(r => wanted.Contains(SortKey(segment, r)) && passes(r))];
            Assert.Equal(expected, SegmentQuery.Execute(segment, filter, point, _scratch));
            Assert.Equal(expected.Length, SegmentQuery.Count(segment, filter, point, _scratch));
            Assert.Equal(
                expected.OrderBy(r => SortKey(segment, r), StringComparer.Ordinal).ThenBy(r => r).Take(3),
                SegmentQuery.ExecuteOrdered(segment, filter, point, 3, _scratch));
        }
    }

    private static string SortKey(Segment segment, int row) => SortKey(segment.PrimaryKeysOf([row]));

    private static string SortKey(PrimaryKeys keys) =>
        keys.IsInt64 ? keys.Int64s[0].ToString("D10", System.Globalization.CultureInfo.InvariantCulture) : keys.Strings.GetString(0);

    private void Write(long[] deletes, long[] inserts)
    {
        var at = new Timestamp(++_clock);
        if (random.Next(3) == 0) _clock += (ulong)random.Next(5);
        if (deletes.Length > 0)
        {
            var keys = StampedRows.Keys(keyType, deletes);
            foreach (var segment in Segments) segment.Delete(keys, at);
            _deletes.AddRange(deletes.Select(k => (k, at)));
            var doomed = deletes.ToHashSet();
            foreach (var row in _model.Where(r => doomed.Contains(r.Key) && r.DeletedAt == Timestamp.Max)) row.DeletedAt = at;
        }
        if (inserts.Length == 0) return;
        if (_growing.Count == 0) Roll();
        var rows = inserts.Select(key => (key, _nextStamp++)).ToList();
        _growing[^1].Append(StampedRows.Batch(_schema, rows), at);
        _model.AddRange(rows.Select(r => new ModelRow(r.key, r.Item2, at)));
    }

    private async Task AddAsync(SegmentManifest manifest)
    {
        if (manifest.RowCount == 0)
        {
            Assert.Empty(manifest.Columns);
            return;
        }
        var loaded = await SealedSegment.LoadAsync(manifest, _schema, Store);
        // What the owner does: apply what is not folded in, in any order of files.
        var later = _deletes.Where(d => d.At > manifest.DeletesAppliedTo).ToList();
        if (random.Next(2) == 0) later.Reverse();
        foreach (var part in later.Chunk(7))
            loaded.Delete(new TombstoneBatch(StampedRows.Keys(keyType, part.Select(d => d.Key)), [.. part.Select(d => d.At)]));
        _sealed.Add(loaded);
    }

    private Timestamp PickHorizon()
    {
        _horizon = new Timestamp(_horizon.Value + (ulong)random.NextInt64((long)(_clock - _horizon.Value) + 1));
        return _horizon;
    }

    private SegmentPlace Place() => new(_nextSegment++, 3, 7, 0);
}
