using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Milvus.Api.Server;

/// <summary>
/// Memory of connections in blocks eight times as large as Kestrel's own: a socket is read by the block, and inserts are megabytes. Thread-safe.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    public const int BlockBytes = 32 << 10;

    /// <summary>Blocks kept for reuse: 32 MiB.</summary>
    private const int MostKept = 1024;

    private readonly ConcurrentQueue<Block> _free = new();
    private int _kept;

    public static BlockPool Instance { get; } = new();

    public override int MaxBufferSize => BlockBytes;

    /// <summary>One pool for all connections.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <exception cref="ArgumentOutOfRangeException">More than a block is wanted.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!_free.TryDequeue(out var block)) return new Block(this);
        Interlocked.Decrement(ref _kept);
        block.Lend();
        return block;
    }

    // Connections may end after the server that owns the pool: it lives as long as the process.
    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _kept) <= MostKept) _free.Enqueue(block);
        else Interlocked.Decrement(ref _kept);
    }

    /// <summary>Pinned, because sockets are read into it.</summary>
    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private readonly Memory<byte> _memory = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true), 0, BlockBytes);
        private int _isLent = 1;

        public Memory<byte> Memory => _memory;

        public void Lend() => Volatile.Write(ref _isLent, 1);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLent, 0) == 1) pool.Return(this);
        }
    }
}
