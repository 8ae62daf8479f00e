namespace Milvus.Storage.Wal;

/// <summary>Reads a log forward in large pieces; one buffer for all records. Not thread-safe.</summary>
public abstract class WalReader : IDisposable
{
    /// <summary>Moves to the next record; false at the end.</summary>
    /// <exception cref="Model.IntegrityException">A record is damaged or missing; names file and offset.</exception>
    public abstract bool TryRead(out WalRecord record);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
