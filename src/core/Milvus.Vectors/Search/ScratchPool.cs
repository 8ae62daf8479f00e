namespace Milvus.Vectors;

/// <summary>
/// Keeps working memory between searches, at most two pieces per processor; further ones are left to the garbage collector. Renting
/// and returning allocate nothing once the pool is warm.
/// </summary>
internal sealed class ScratchPool<T>
    where T : class, new()
{
    private readonly T?[] _slots = new T?[2 * Environment.ProcessorCount];

    public T Rent()
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            if (_slots[i] is not null && Interlocked.Exchange(ref _slots[i], null) is { } free)
                return free;
        }

        return new T();
    }

    public void Return(T scratch)
    {
        for (int i = 0; i < _slots.Length; i++)
        {
            if (_slots[i] is null && Interlocked.CompareExchange(ref _slots[i], scratch, null) is null)
                return;
        }
    }
}
