using System.Runtime.InteropServices;

namespace Milvus.Vectors;

/// <summary>What Linux is told about blocks of memory (madvise). Advice only: where it is not understood nothing changes.</summary>
internal static unsafe partial class PageAdvice
{
    private const int SmallPage = 4096;
    private const int Normal = 0;
    private const int Random = 1;
    private const int DontNeed = 4;
    private const int HugePage = 14;
    private const int WorthAdvising = 4 << 20;

    private static volatile bool s_unavailable = !OperatingSystem.IsLinux();

    /// <summary>
    /// Asks for 2 MiB pages: a graph search jumps between rows, and with 4 KiB pages a third of a jump's latency is address translation.
    /// </summary>
    public static void PreferHugePages(byte* start, int length)
    {
        if (length >= WorthAdvising)
            Advise(start, length, HugePage);
    }

    /// <summary>Whether rows of a mapped file are read here and there, so that reading ahead is a waste.</summary>
    public static void Expect(byte* start, long length, bool isRandom) => Advise(start, length, isRandom ? Random : Normal);

    /// <summary>Takes the pages of a mapped file out of this process; they stay in the system's cache. Never for memory of the heap.</summary>
    public static void Release(byte* start, long length) => Advise(start, length, DontNeed);

    private static void Advise(byte* start, long length, int advice)
    {
        if (s_unavailable)
            return;
        nint first = ((nint)start + (SmallPage - 1)) & ~(nint)(SmallPage - 1);
        nint end = (nint)(start + length) & ~(nint)(SmallPage - 1);
        if (end <= first)
            return;
        try
        {
            _ = Advise(first, (nuint)(end - first), advice);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            s_unavailable = true;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
