using System.Runtime.InteropServices;

namespace Milvus.Bench.Lists;

/// <summary>Processor time of the calling thread, on Linux: what else runs on the machine disturbs it less than a clock on the wall.</summary>
internal static partial class ThreadTime
{
    private const int ThreadClock = 3;

    public static double Now()
    {
        _ = GetTime(ThreadClock, out TimeSpec time);
        return time.Seconds + (time.Nanoseconds * 1e-9);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
