using System.Security.Cryptography;
using Milvus.Storage.Wal;
using static Milvus.Storage.Tests.Wal.LogFixture;

namespace Milvus.Storage.Tests.Wal;

/// <summary>Logs written by version 1 stay readable: these bytes must never change, only further versions may be added.</summary>
public sealed class WalFormatTests
{
    [Fact]
    public void Version_1_is_frozen()
    {
        var fixture = new LogFixture();
        using (var log = fixture.Open())
        {
            Write(log, "alpha", "", "beta");
            Write(log, "gamma");
            log.TrimTo(0);
        }

        Assert.Equal(["wal/c1-s0/00000000000000000001.wal"], fixture.Disk.Paths);
        Assert.Equal((146, "1B7C0748"), Fingerprint(fixture.Disk.Get(fixture.LastFile)));
        Assert.Equal((byte)0xD1, (byte)WalRecordKind.Data);
        Assert.Equal((byte)0x5E, (byte)WalRecordKind.Seal);
    }

    private static (int Length, string Digest) Fingerprint(byte[] bytes) => (bytes.Length, Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 4)));
}
