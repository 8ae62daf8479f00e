using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;

namespace Milvus.Vectors;

/// <summary>
/// Several blocks of a file that one search waits for. What the system has in memory is taken at once; of the rest the search reads one
/// block after the other itself while the threads of <see cref="ReadPool"/> read others. Reused from hop to hop; belongs to one search.
/// </summary>
internal sealed unsafe class ReadBatch
{
    private readonly ManualResetEventSlim _done = new(false, 100);
    private PinnedBuffer _buffer = new(0);
    private long[] _positions = [];
    private int[] _pending = [];
    private SafeFileHandle? _handle;
    private string _name = "";
    private Exception? _failure;
    private int _blockBytes;
    private int _pendingCount;
    private int _left;

    // The round in the upper half, the next of the pending blocks in the lower one: a thread that comes late for a round that is over takes nothing.
    private long _state = int.MaxValue;

    /// <summary>Blocks asked for in this round.</summary>
    public int Count { get; private set; }

    /// <summary>Where a block is once <see cref="Read"/> has returned.</summary>
    public byte* Block(int index) => _buffer.Pointer + ((nint)index * _blockBytes);

    /// <summary>Begins a round.</summary>
    public void Begin(int mostBlocks, int blockBytes)
    {
        if (_buffer.Length < (long)mostBlocks * blockBytes)
            _buffer = new PinnedBuffer((long)mostBlocks * blockBytes);
        if (_positions.Length < mostBlocks)
        {
            _positions = new long[mostBlocks];
            _pending = new int[mostBlocks];
        }

        _blockBytes = blockBytes;
        Count = 0;
    }

    /// <summary>Asks for a block.</summary>
    /// <returns>Its index.</returns>
    public int Add(long position)
    {
        _positions[Count] = position;
        return Count++;
    }

    /// <summary>Returns when all blocks are there.</summary>
    /// <exception cref="IOException">The device failed.</exception>
    public void Read(SafeFileHandle handle, string name)
    {
        int pending = 0;
        for (int i = 0; i < Count; i++)
        {
            if (!FileReads.TryRead(handle, Block(i), _blockBytes, _positions[i]))
                _pending[pending++] = i;
        }

        if (pending <= 1)
        {
            if (pending == 1)
                FileReads.Read(handle, Block(_pending[0]), _blockBytes, _positions[_pending[0]], name);
            return;
        }

        uint round = (uint)(Volatile.Read(ref _state) >> 32) + 1;
        Volatile.Write(ref _state, ((long)round << 32) | int.MaxValue);
        _handle = handle;
        _name = name;
        _failure = null;
        _pendingCount = pending;
        _left = pending;
        _done.Reset();
        Volatile.Write(ref _state, (long)round << 32);
        ReadPool.Shared.Offer(this, round, pending - 1);
        while (TakeOne(round))
        {
        }

        _done.Wait();
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    /// <summary>Reads one block of a round.</summary>
    /// <returns>False when the round has none left.</returns>
    public bool TakeOne(uint round)
    {
        int index;
        while (true)
        {
            long state = Volatile.Read(ref _state);
            index = (int)state;
            if ((uint)(state >> 32) != round || index >= _pendingCount)
                return false;
            if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
                break;
        }

        int block = _pending[index];
        try
        {
            FileReads.Read(_handle!, Block(block), _blockBytes, _positions[block], _name);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, failure, null);
        }

        if (Interlocked.Decrement(ref _left) == 0)
            _done.Set();
        return true;
    }
}
