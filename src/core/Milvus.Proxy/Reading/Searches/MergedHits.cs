using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>The hits of all shards for all queries, best first within a query, one row per primary key.</summary>
internal sealed class MergedHits
{
    /// <summary>Hits per query.</summary>
    public required int[] Counts { get; init; }

    /// <summary>Scores, all queries one after another.</summary>
    public required float[] Scores { get; init; }

    /// <summary>Where each hit stands in <see cref="Shards"/>.</summary>
    public required RowPick[] Picks { get; init; }

    public required PrimaryKeys Ids { get; init; }

    /// <summary>Group values aligned with the hits; null when the search does not group.</summary>
    public Column? GroupValues { get; init; }

    public required ImmutableArray<ShardHits> Shards { get; init; }

    public long Examined
    {
        get
        {
            long n = 0;
            foreach (var s in Shards) n += s.Examined;
            return Math.Max(n, Scores.Length);
        }
    }

    public RowAt RowOf(int hit) => new(Picks[hit].Shard, Shards[Picks[hit].Shard].Rows[Picks[hit].Index]);

    public Timestamp TimestampOf(int hit) => Shards[Picks[hit].Shard].Timestamps[Picks[hit].Index];

    /// <summary>The same hits without some of them.</summary>
    /// <param name="kept">Positions, ascending; of one query only.</param>
    public MergedHits TakeOfSingleQuery(ReadOnlySpan<int> kept)
    {
        var scores = new float[kept.Length];
        var picks = new RowPick[kept.Length];
        for (var i = 0; i < kept.Length; i++) (scores[i], picks[i]) = (Scores[kept[i]], Picks[kept[i]]);
        return new MergedHits { Counts = [kept.Length], Scores = scores, Picks = picks, Ids = Ids.Take(kept), GroupValues = GroupValues?.Take(kept), Shards = Shards };
    }
}
