namespace Milvus.Embedded.Collections;

/// <summary>
/// Segment buffers are owned by the garbage collector, so that no reader can ever touch freed memory. After a release that matters it is asked
/// to look, instead of holding the memory until the next full collection.
/// </summary>
internal static class MemoryReturn
{
    private const long WorthACollection = 32L << 20;

    public static void After(long freedBytes)
    {
        if (freedBytes >= WorthACollection) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
