// The rate of MPI's own sum of float32 numbers over all processes: allreduce BYTES REPEATS prints seconds per sum.
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const size_t bytes = std::strtoull(argv[1], nullptr, 10);
  const int repeats = std::atoi(argv[2]);
  std::vector<float> from(bytes / sizeof(float), 1.0f), to(from.size());
  std::vector<double> seconds;
  for (int index = 0; index < repeats + 2; ++index) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double began = MPI_Wtime();
    MPI_Allreduce(from.data(), to.data(), static_cast<int>(from.size()), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    if (index >= 2) seconds.push_back(MPI_Wtime() - began);
  }
  std::sort(seconds.begin(), seconds.end());
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) std::printf("{\"seconds\": %.6f}\n", seconds[seconds.size() / 2]);
  MPI_Finalize();
}
