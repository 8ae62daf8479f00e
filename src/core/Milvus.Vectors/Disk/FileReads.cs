using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Reads at positions of a file. Where Linux has a piece in memory already it is taken without waiting (preadv2, RWF_NOWAIT), so that only
/// pieces that really come from the device are handed to other threads; elsewhere nothing is known to be in memory.
/// </summary>
internal static unsafe partial class FileReads
{
    private const int NoWait = 8;
    private const int InvalidArgument = 22, NotImplemented = 38, NotSupported = 95;
    private const int AdviseRandom = 1, AdviseForget = 4;

    private static volatile bool s_cannotTry = !OperatingSystem.IsLinux();
    private static volatile bool s_cannotAdvise = !OperatingSystem.IsLinux();

    /// <summary>Fills the buffer if all of it is in memory.</summary>
    public static bool TryRead(SafeFileHandle handle, byte* buffer, int bytes, long position)
    {
        if (s_cannotTry)
            return false;
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            var piece = new Piece { Start = (nint)buffer, Length = bytes };
            nint read = ReadNoWait((int)handle.DangerousGetHandle(), &piece, 1, (nint)position, NoWait);
            if (read < 0 && Marshal.GetLastPInvokeError() is NotImplemented or NotSupported or InvalidArgument)
                s_cannotTry = true;
            return read == bytes;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            s_cannotTry = true;
            return false;
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    /// <summary>Fills the buffer, waiting for the device.</summary>
    /// <exception cref="IntegrityException">The file ends before.</exception>
    public static void Read(SafeFileHandle handle, byte* buffer, int bytes, long position, string name)
    {
        while (bytes > 0)
        {
            int read = RandomAccess.Read(handle, new Span<byte>(buffer, bytes), position);
            if (read == 0)
                throw new IntegrityException(name, "the vector index ends before its last node");
            buffer += read;
            bytes -= read;
            position += read;
        }
    }

    /// <summary>Says that pieces are read here and there, so that what lies behind them is not read too.</summary>
    public static void ExpectRandom(SafeFileHandle handle) => Advise(handle, AdviseRandom);

    /// <summary>Asks the system to forget what it holds of the file: for measurements.</summary>
    public static void Forget(SafeFileHandle handle) => Advise(handle, AdviseForget);

    private static void Advise(SafeFileHandle handle, int advice)
    {
        if (s_cannotAdvise)
            return;
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            _ = Advise((int)handle.DangerousGetHandle(), 0, 0, advice);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            s_cannotAdvise = true;
        }
        finally
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Piece
    {
        public nint Start;
        public nint Length;
    }

    [LibraryImport("libc", EntryPoint = "preadv2", SetLastError = true)]
    private static partial nint ReadNoWait(int file, Piece* pieces, int count, nint position, int flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, nint position, nint length, int advice);
}
