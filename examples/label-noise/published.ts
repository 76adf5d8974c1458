// What the notebook printed: Laplacian kernel of bandwidth 10, EigenPro, 150 epochs, in float32.

export const LEVELS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

export const PUBLISHED = {
  corrupted: [0, 371, 805, 1204, 1610, 2016, 2429, 2809, 3189, 3583],
  /** In per cent of the 10,000 test images; on the training images there were none. */
  testErrors: [4.58, 4.89, 5.56, 7.54, 10.51, 15.34, 23.33, 35.97, 53.7, 73.56],
  testMse: [1.44e-2, 1.77e-2, 2.27e-2, 2.89e-2, 3.57e-2, 4.36e-2, 5.31e-2, 6.29e-2, 7.45e-2, 8.73e-2],
};
