using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// For every deleted key the latest delete up to a horizon: a row with that key is gone when it was inserted before it. Immutable.
/// </summary>
internal abstract class LatestDeletes
{
    public abstract bool IsEmpty { get; }

    /// <summary>The latest delete of a key, 0 when it was never deleted.</summary>
    public abstract ulong Find(PrimaryKeys keys, int index);

    /// <param name="after">Deletes at or before it cannot concern any row and are left out.</param>
    public static LatestDeletes Of(IReadOnlyList<TombstoneBatch> batches, DataType keyType, Timestamp after, Timestamp horizon)
    {
        LatestDeletes deletes = keyType == DataType.Int64 ? new OfInt64() : new OfText();
        foreach (var batch in batches)
        {
            if (batch.Keys.Column.Type != keyType) throw new ArgumentException($"deletes of {batch.Keys.Column.Type} keys for {keyType} keys", nameof(batches));
            for (var i = 0; i < batch.Count; i++)
                if (batch.Times[i] > after && batch.Times[i] <= horizon) deletes.Add(batch.Keys, i, batch.Times[i].Value);
        }
        return deletes;
    }

    protected abstract void Add(PrimaryKeys keys, int index, ulong at);

    private sealed class OfInt64 : LatestDeletes
    {
        private readonly Dictionary<long, ulong> _latest = [];

        public override bool IsEmpty => _latest.Count == 0;

        public override ulong Find(PrimaryKeys keys, int index) => _latest.GetValueOrDefault(keys.Int64s[index]);

        protected override void Add(PrimaryKeys keys, int index, ulong at)
        {
            ref var latest = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_latest, keys.Int64s[index], out _);
            latest = Math.Max(latest, at);
        }
    }

    private sealed class OfText : LatestDeletes
    {
        private readonly Dictionary<byte[], ulong>.AlternateLookup<ReadOnlySpan<byte>> _latest =
            new Dictionary<byte[], ulong>(BytesComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

        public override bool IsEmpty => _latest.Dictionary.Count == 0;

        public override ulong Find(PrimaryKeys keys, int index) => _latest.TryGetValue(keys.Strings[index], out var at) ? at : 0;

        protected override void Add(PrimaryKeys keys, int index, ulong at)
        {
            ref var latest = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_latest, keys.Strings[index], out _);
            latest = Math.Max(latest, at);
        }
    }
}
