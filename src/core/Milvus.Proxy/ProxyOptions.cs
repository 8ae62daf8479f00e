namespace Milvus.Proxy;

/// <summary>Settings of a proxy, checked when they are set.</summary>
public sealed record ProxyOptions
{
    public static ProxyOptions Default { get; } = new();

    /// <summary>
    /// Most payload bytes of one shard write; larger batches become several, each atomic for itself. The default takes all but odd requests
    /// whole (numbers grow when they leave the wire), so that a request to one shard is atomic; a cluster sets what its frames carry.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxWriteBytes { get; init => field = AtLeastOne(value, nameof(MaxWriteBytes)); } = 64 << 20;

    /// <summary>Most bytes of one query or search result; larger ones are refused with 1102 before they are sent.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxResultBytes { get; init => field = AtLeastOne(value, nameof(MaxResultBytes)); } = 100 << 20;

    /// <summary>How far Bounded reads may lag behind.</summary>
    public int BoundedStalenessMs { get; init; } = 5000;

    /// <summary>
    /// Search iterators whose place among equal scores is remembered. An iterator that was forgotten goes on strictly behind its last
    /// score.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int RememberedIterators { get; init => field = AtLeastOne(value, nameof(RememberedIterators)); } = 4096;

    /// <summary>How far back reads at a past timestamp may go: as long as deleted rows are kept.</summary>
    public int RetentionMs { get; init; } = 60_000;

    /// <summary>Where file resources are found; null when this process has none.</summary>
    public Milvus.Storage.Objects.IObjectStore? Files { get; init; }

    /// <summary>Models that functions may ask.</summary>
    public Models.ModelOptions Models { get; init; } = Proxy.Models.ModelOptions.Default;

    /// <summary>How long a read that finds shards or segments moved, or still being loaded, is begun anew before it fails.</summary>
    public int MovedReadPatienceMs { get; init; } = 10_000;

    private static int AtLeastOne(int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
        return value;
    }
}
