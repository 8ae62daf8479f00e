using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Milvus.Bench.Served;

/// <summary>What the disk gives a program that writes one file in order and syncs it now and then.</summary>
internal static class DiskSpeed
{
    private const long FileBytes = 512L << 20;

    /// <param name="syncBytes">Bytes between syncs, as one acknowledged batch.</param>
    /// <returns>Megabytes per second.</returns>
    public static double Measure(string directory, int syncBytes)
    {
        var path = Path.Combine(directory, $"milvus-bench-disk-{Guid.NewGuid():N}");
        var block = new byte[syncBytes];
        new Random(1).NextBytes(block);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
            var started = Stopwatch.GetTimestamp();
            for (long at = 0; at < FileBytes; at += block.Length)
            {
                RandomAccess.Write(file, block, at);
                RandomAccess.FlushToDisk(file);
            }
            return FileBytes / 1e6 / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
