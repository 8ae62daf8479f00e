using Milvus.Storage.Files;
using Milvus.TestKit.Disk;

namespace Milvus.Storage.Tests.Files;

public sealed class DirectoryLockTests
{
    [Fact]
    public void A_directory_has_one_holder_at_a_time()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Combine("data");
        using (DirectoryLock.Acquire(path))
        {
            var e = Assert.Throws<IOException>(() => DirectoryLock.Acquire(path));
            Assert.Contains("in use by another process", e.Message, StringComparison.Ordinal);
        }

        DirectoryLock.Acquire(path).Dispose();
    }
}
