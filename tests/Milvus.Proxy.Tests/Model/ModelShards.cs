using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

/// <summary>One stored row: a position in the batch that brought it.</summary>
internal sealed record ModelRow(long PartitionId, ColumnBatch Batch, int Index, Timestamp Timestamp, KeyText Key)
{
    public Timestamp DeletedAt { get; set; } = Timestamp.Max;
}

internal readonly record struct KeyText(string Value)
{
    public static KeyText Of(PrimaryKeys keys, int row) =>
        new(keys.IsInt64 ? keys.Int64s[row].ToString(System.Globalization.CultureInfo.InvariantCulture) : keys.Strings.GetString(row));
}

/// <summary>Shards as plain lists of rows, with every write recorded.</summary>
internal sealed class ModelShards(ModelOracle oracle) : IShardGateway
{
    private readonly Dictionary<(long, int), List<ModelRow>> _rows = [];

    public List<(int Shard, ShardWrite Write)> Writes { get; } = [];

    public List<(int Shard, Timestamp Guarantee, Timestamp? ReadAt)> Opened { get; } = [];

    public List<ShardSearch> Searches { get; } = [];

    /// <summary>Fields that were fetched, one entry each time.</summary>
    public List<long> Fetched { get; } = [];

    public int OpenReaders { get; set; }

    /// <summary>Leaves several rows of one key in answers, as a shard with lagging segments might.</summary>
    public bool KeepsDuplicates { get; init; }

    /// <summary>A shard whose reads and writes fail.</summary>
    public int? BrokenShard { get; set; }

    /// <summary>Writes that fail.</summary>
    public Func<ShardWrite, bool> Refuses { get; set; } = _ => false;

    /// <summary>How many reads still find their shard moved.</summary>
    public int MovesLeft { get; set; }

    public Action OnMoved { get; set; } = () => { };

    public void PerhapsMove()
    {
        if (MovesLeft == 0) return;
        MovesLeft--;
        OnMoved();
        throw new ShardMovedException("shard 0 moved");
    }

    public List<ModelRow> Rows(CollectionInfo collection, int shard) =>
        _rows.TryGetValue((collection.Id, shard), out var rows) ? rows : _rows[(collection.Id, shard)] = [];

    public ValueTask<Timestamp> WriteAsync(CollectionInfo collection, int shard, ShardWrite write, CancellationToken cancellation)
    {
        if (BrokenShard == shard || Refuses(write)) throw new MilvusException(ErrorCode.ServiceUnavailable, "broken shard");
        var at = oracle.Next();
        var rows = Rows(collection, shard);
        Writes.Add((shard, write));
        if (write.Deletes is { } deletes)
        {
            var keys = new HashSet<KeyText>();
            for (var i = 0; i < deletes.Count; i++) keys.Add(KeyText.Of(deletes, i));
            foreach (var row in rows)
                if (keys.Contains(row.Key) && row.DeletedAt == Timestamp.Max && (write.DeletePartitions.IsEmpty || write.DeletePartitions.Contains(row.PartitionId)))
                    row.DeletedAt = at;
        }
        foreach (var (partition, batch) in write.Inserts)
        {
            foreach (var field in collection.Schema.Fields) Assert.NotNull(batch.Find(field.Id));
            var keys = new PrimaryKeys(batch.Find(collection.Schema.PrimaryKey.Id)!);
            for (var i = 0; i < batch.RowCount; i++) rows.Add(new ModelRow(partition, batch, i, at, KeyText.Of(keys, i)));
        }
        return new(at);
    }

    public ValueTask<IShardReader> OpenAsync(CollectionInfo collection, int shard, Timestamp guarantee, Timestamp? readAt, CancellationToken cancellation)
    {
        if (BrokenShard == shard) throw new MilvusException(ErrorCode.ServiceUnavailable, "broken shard");
        lock (Opened)
        {
            Opened.Add((shard, guarantee, readAt));
            OpenReaders++;
        }
        return new(new ModelReader(this, collection, Rows(collection, shard), readAt ?? oracle.Current));
    }
}
