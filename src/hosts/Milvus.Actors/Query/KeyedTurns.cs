namespace Milvus.Actors.Query;

/// <summary>One at a time per key, in no particular order. Thread-safe.</summary>
internal sealed class KeyedTurns
{
    private readonly Dictionary<long, Turn> _turns = [];

    /// <summary>Waits for the key's turn; disposing the result ends it.</summary>
    public async Task<IDisposable> EnterAsync(long key, CancellationToken cancellation)
    {
        Turn turn;
        lock (_turns)
        {
            if (!_turns.TryGetValue(key, out turn!)) _turns.Add(key, turn = new Turn(this, key));
            turn.Users++;
        }
        try
        {
            await turn.Free.WaitAsync(cancellation).ConfigureAwait(false);
            return turn;
        }
        catch
        {
            Leave(turn);
            throw;
        }
    }

    private void Leave(Turn turn)
    {
        lock (_turns)
            if (--turn.Users == 0) _turns.Remove(turn.Key);
    }

    private sealed class Turn(KeyedTurns owner, long key) : IDisposable
    {
        public long Key { get; } = key;

        public int Users { get; set; }

        public SemaphoreSlim Free { get; } = new(1, 1);

        public void Dispose()
        {
            Free.Release();
            owner.Leave(this);
        }
    }
}
