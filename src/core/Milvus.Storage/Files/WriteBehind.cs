using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Milvus.Storage.Files;

/// <summary>
/// Writes in pieces and tells the system to begin putting each on the disk while the next is copied, so that the disk is at work before the sync that waits
/// for it. Promises nothing: durability is the sync's alone.
/// </summary>
internal static partial class WriteBehind
{
    private const int PieceBytes = 2 << 20;
    private const uint BeginWriting = 2;
    private static volatile bool s_isMissing = !OperatingSystem.IsLinux();

    /// <summary>Writes all buffers one after the other from <paramref name="offset"/>.</summary>
    public static void Write(SafeFileHandle file, long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        long total = 0;
        foreach (var b in buffers) total += b.Length;
        if (total < 2 * PieceBytes || s_isMissing)
        {
            RandomAccess.Write(file, buffers, offset);
            return;
        }
        var piece = new List<ReadOnlyMemory<byte>>();
        var bytes = 0;
        foreach (var b in buffers)
        {
            for (var rest = b; !rest.IsEmpty;)
            {
                var take = Math.Min(rest.Length, PieceBytes - bytes);
                piece.Add(rest[..take]);
                bytes += take;
                rest = rest[take..];
                if (bytes == PieceBytes) Flush();
            }
        }
        if (bytes > 0) Flush();

        void Flush()
        {
            RandomAccess.Write(file, piece, offset);
            Begin(file, offset, bytes);
            offset += bytes;
            bytes = 0;
            piece.Clear();
        }
    }

    private static void Begin(SafeFileHandle file, long offset, long bytes)
    {
        try
        {
            // Whether it works or not, the sync decides.
            _ = SyncFileRange(file, offset, bytes, BeginWriting);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            s_isMissing = true;
        }
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long bytes, uint flags);
}
