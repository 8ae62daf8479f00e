namespace Milvus.Embedded.Collections;

/// <summary>
/// Segment buffers and mappings are owned by the garbage collector, so that no reader can ever touch freed memory. After a release that matters it is asked
/// to look, instead of holding the memory, and the room of deleted files on the disk, until the next full collection.
/// </summary>
public static class MemoryReturn
{
    private const long WorthACollection = 32L << 20;

    // The job that gave the memory up still holds it in its frames when it says so; several releases in a row share one collection.
    private const int AfterMs = 250;

    private static readonly Timer s_collection = new(_ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));

    public static void After(long freedBytes)
    {
        if (freedBytes >= WorthACollection) s_collection.Change(AfterMs, Timeout.Infinite);
    }
}
