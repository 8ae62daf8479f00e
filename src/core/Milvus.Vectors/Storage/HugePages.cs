using System.Runtime.InteropServices;

namespace Milvus.Vectors;

/// <summary>
/// Asks Linux to back large blocks by 2 MiB pages (madvise, MADV_HUGEPAGE): a graph search jumps between rows, and with 4 KiB pages
/// a third of a jump's latency is address translation. Advice only: where it is not understood nothing changes.
/// </summary>
internal static unsafe partial class HugePages
{
    private const int SmallPage = 4096;
    private const int AdviseHugePage = 14;
    private const int WorthAdvising = 4 << 20;

    private static volatile bool s_unavailable = !OperatingSystem.IsLinux();

    public static void Advise(byte* start, int length)
    {
        if (s_unavailable || length < WorthAdvising)
            return;
        nint first = ((nint)start + (SmallPage - 1)) & ~(nint)(SmallPage - 1);
        nint end = (nint)(start + length) & ~(nint)(SmallPage - 1);
        try
        {
            _ = Advise(first, (nuint)(end - first), AdviseHugePage);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            s_unavailable = true;
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
